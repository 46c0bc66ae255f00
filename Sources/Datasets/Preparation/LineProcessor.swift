import Checkpoints

/// Why a text has no prompt.
package struct PromptRefusal: Error, Equatable, Sendable {
    /// In words, one line.
    package let reason: String

    /// Takes the words as they are.
    package init(reason: String) {
        self.reason = reason
    }
}

/// Counts the tokens of the whole prompt around a text, template and system message among them.
package typealias PromptTokenCounter = @Sendable (_ text: String) throws(PromptRefusal) -> Int

/// What a line of an input comes to.
enum LineOutcome: Sendable {
    /// White space only.
    case blank
    case refused(LineRefusal)
    /// An example with a prompt over the limit; how long the longest is.
    case overLimit(tokenCount: Int)
    case example(DigestedExample)
}

/// An example with all that is decided by.
struct DigestedExample: Sendable {
    let example: TrainingExample
    /// The tokens of each of its prompts, in the order of its texts.
    let tokenCounts: [Int]
    /// Of the query, or the text.
    let query: TextDigest
    /// Of the positive, or the text.
    let main: TextDigest
    /// Of all its texts.
    let all: TextDigest
}

/// Makes examples of lines. Pure: lines can be processed in any order, or at once.
struct LineProcessor: Sendable {
    let parser: ExampleParser
    let maxLineBytes: Int
    let maxPromptTokens: Int
    let countTokens: PromptTokenCounter

    /// - Throws: `DatasetError.file`
    func process(_ line: LineSplitter.Line) throws(DatasetError) -> LineOutcome {
        guard let bytes = line.bytes else { return .refused(.tooLong(limit: maxLineBytes)) }
        let example: TrainingExample
        let tokenCounts: [Int]
        do throws(LineRefusal) {
            guard let parsed = try parser.example(in: bytes) else { return .blank }
            example = parsed
            tokenCounts = try countTokens(of: example)
        } catch {
            return .refused(error)
        }
        if let longest = tokenCounts.max(), longest > maxPromptTokens { return .overLimit(tokenCount: longest) }
        return .example(try digest(example, tokenCounts))
    }

    private func countTokens(of example: TrainingExample) throws(LineRefusal) -> [Int] {
        var counts: [Int] = []
        for (field, text) in example.texts {
            do throws(PromptRefusal) {
                counts.append(try countTokens(text))
            } catch {
                throw .prompt(field, reason: error.reason)
            }
        }
        return counts
    }

    private func digest(_ example: TrainingExample, _ tokenCounts: [Int]) throws(DatasetError) -> DigestedExample {
        try fileErrors { () throws(CheckpointError) in
            // Three texts and two differ in their number: no further mark is needed.
            let digests = try example.texts.map { text throws(CheckpointError) in try TextDigest(of: text.text) }
            return DigestedExample(
                example: example, tokenCounts: tokenCounts, query: digests[0], main: digests[min(1, digests.count - 1)],
                all: try TextDigest(of: digests))
        }
    }
}
