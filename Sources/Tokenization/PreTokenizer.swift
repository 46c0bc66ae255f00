/// How text is cut into the pre-tokens within which merging happens: one of the published patterns.
package enum PreTokenizer: CaseIterable, Equatable, Sendable {
    /// Hugging Face's `ByteLevel` with its own pattern.
    case gpt2
    /// Every number character alone, then GPT-2's pattern on what lies between.
    case smolLM
    /// Qwen2, Qwen2.5, Qwen3: numbers one character at a time.
    case qwen2
    /// Llama-3: numbers in threes from the left.
    case llama3

    /// The names that GGUF's `tokenizer.ggml.pre` has for the pre-tokenizer.
    var ggufNames: [String] {
        switch self {
        case .gpt2: ["gpt-2"]
        case .smolLM: ["smollm"]
        case .qwen2: ["qwen2"]
        case .llama3: ["llama-bpe", "llama3", "llama-v3"]
        }
    }

    init?(ggufName: String) {
        guard let match = Self.allCases.first(where: { $0.ggufNames.contains(ggufName) }) else { return nil }
        self = match
    }

    /// The regular expression that a `Split` pre-tokenizer of `tokenizer.json` states.
    package var splitPattern: String? {
        switch self {
        case .gpt2, .smolLM: nil
        case .qwen2: Self.wordPattern(numbers: #"\p{N}"#)
        case .llama3: Self.wordPattern(numbers: #"\p{N}{1,3}"#)
        }
    }

    init?(splitPattern: String) {
        guard let match = Self.allCases.first(where: { $0.splitPattern == splitPattern }) else { return nil }
        self = match
    }

    private static func wordPattern(numbers: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// The pre-tokens of a range of the text, as if nothing stood before or after it: contiguous, none empty.
    package func preTokens(of text: ClassifiedText, in range: Range<Int>) -> [Range<Int>] {
        var result: [Range<Int>] = []
        switch self {
        case .gpt2:
            text.appendPreTokens(in: range, to: &result, next: text.endOfGPT2PreToken)
        case .smolLM:
            var start = range.lowerBound
            for offset in range where text.classes[offset] == .number {
                text.appendPreTokens(in: start..<offset, to: &result, next: text.endOfGPT2PreToken)
                start = text.endOfScalar(at: offset, limit: range.upperBound)
                result.append(offset..<start)
            }
            text.appendPreTokens(in: start..<range.upperBound, to: &result, next: text.endOfGPT2PreToken)
        case .qwen2:
            text.appendPreTokens(in: range, to: &result) { text.endOfWordPreToken(at: $0, limit: $1, digits: 1) }
        case .llama3:
            text.appendPreTokens(in: range, to: &result) { text.endOfWordPreToken(at: $0, limit: $1, digits: 3) }
        }
        return result
    }
}
