import Checkpoints
import JSON

extension DatasetHeader {
    /// Reads the first line of a file.
    ///
    /// - Throws: `DatasetError.notPrepared`, `.unsupportedVersion`, `.file`
    init(parsing line: [UInt8], path: String) throws(DatasetError) {
        guard line.starts(with: Array("{\"format\":\"\(Self.format)\",".utf8)) else {
            throw .notPrepared(path: path, found: "another line of \(line.count) bytes")
        }
        let version: Int
        let header: DatasetHeader
        do throws(CheckpointError) {
            let document = try JSONDocument(parsing: line, file: path)
            version = try document.integer("version")
            // What the keys of another version mean is not known.
            header = version == Self.version ? try DatasetHeader(document) : .unread
        } catch {
            throw .file(error)
        }
        guard version == Self.version else {
            throw .unsupportedVersion(path: path, found: version, supported: Self.version)
        }
        self = header
    }

    private static var unread: DatasetHeader {
        DatasetHeader(
            kind: .texts, prompt: Prompt(model: "", modelFilesSHA256: "", systemPromptSHA256: "", maxTokens: 0),
            split: SplitPlan(), inputs: [], keepsDuplicates: false, keepsSharedTexts: false)
    }

    private init(_ document: JSONDocument) throws(CheckpointError) {
        let prompt = try document.object("prompt")
        let split = try document.object("split")
        let body = try document.object("body")
        var inputs: [Input] = []
        for input in try document.objectsIfPresent("inputs") ?? [] {
            inputs.append(
                Input(
                    name: try input.string("name"), byteCount: try input.count("bytes"),
                    sha256: try input.digest("sha256")))
        }
        self.init(
            kind: try document.choice("kind"),
            prompt: Prompt(
                model: try prompt.string("model"), modelFilesSHA256: try prompt.digest("model_files_sha256"),
                systemPromptSHA256: try prompt.digest("system_prompt_sha256"), maxTokens: try prompt.count("max_tokens")
            ),
            split: SplitPlan(
                rule: try split.choice("rule"), heldOut: try split.heldOut("held_out"), seed: try split.seed("seed")),
            inputs: inputs, keepsDuplicates: try document.bool("keeps_duplicates"),
            keepsSharedTexts: try split.bool("keeps_shared_texts"), trainingCount: try document.count("train"),
            heldOutCount: try document.count("held_out"), negativeCount: try document.count("with_negative"),
            minedCount: try document.count("mined_negatives"), bodyByteCount: try body.count("bytes"),
            bodySHA256: try body.digest("sha256"))
    }
}

extension JSONDocument {
    /// A number of things: sums of two of them do not overflow.
    fileprivate func count(_ key: String) throws(CheckpointError) -> Int {
        let value = try integer(key)
        guard (0...Int.max / 4).contains(value) else { throw refusal(key, "a number of at least 0") }
        return value
    }

    fileprivate func digest(_ key: String) throws(CheckpointError) -> String {
        let text = try string(key)
        guard text.utf8.count == 64, text.utf8.allSatisfy(Array("0123456789abcdef".utf8).contains) else {
            throw refusal(key, "64 lower-case hexadecimal digits")
        }
        return text
    }

    fileprivate func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String
    ) throws(CheckpointError) -> Choice {
        guard let choice = Choice(rawValue: try string(key)) else {
            throw refusal(key, "one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    fileprivate func seed(_ key: String) throws(CheckpointError) -> UInt64 {
        guard let seed = UInt64(try string(key)) else { throw refusal(key, "a number of 64 bits, as text") }
        return seed
    }

    fileprivate func heldOut(_ key: String) throws(CheckpointError) -> HeldOut {
        switch valueIfPresent(key) {
        case .integer(let count) where (0...HeldOut.maxCount).contains(count): return .count(count)
        case .number(let fraction) where fraction >= 0 && fraction < 1: return .fraction(fraction)
        default: throw refusal(key, "a count, or a fraction below 1")
        }
    }

    private func refusal(_ key: String, _ expected: String) -> CheckpointError {
        .wrongType(file: file, key: key, expected: expected, found: summaryIfPresent(key) ?? "nothing")
    }
}
