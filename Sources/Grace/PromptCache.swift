import Confinement

/// Prompts of short inputs that were made before: to render and tokenise one takes as long as half of a kept answer.
final class PromptCache: Sendable {
    /// What decides a prompt of one checkpoint.
    private struct Key: Hashable {
        /// Bytes and not a string: strings are equal where their characters are, tokens are not.
        let text: [UInt8]
        let tokens: [Int]
        let limit: Int
        let truncation: Truncation

        init(_ input: EmbeddingInput, limit: Int, _ truncation: Truncation) {
            switch input {
            case .text(let text): (self.text, tokens) = (Array(text.utf8), [])
            case .tokens(let ids): (text, tokens) = ([], ids)
            }
            self.limit = limit
            self.truncation = truncation
        }
    }

    /// What is short, in bytes or tokens.
    static let shortInput = 512
    /// A few megabytes: a prompt of such an input has at most some hundred tokens.
    private static let limits = ResultCache<Key, GracePrompt>.Limits(entries: 4096, bytes: 8 << 20)

    private let state = Confined(
        ResultCache<Key, GracePrompt>(limits: limits) { key, prompt in
            128 + key.text.count + key.tokens.count * MemoryLayout<Int>.size + prompt.tokens.count
                * MemoryLayout<Int32>.size
        })

    /// The prompt, made now unless it is kept.
    func prompt(
        for input: EmbeddingInput, limit: Int, _ truncation: Truncation, make: () throws(GraceError) -> GracePrompt
    ) throws(GraceError) -> GracePrompt {
        guard input.size <= Self.shortInput else { return try make() }
        let key = Key(input, limit: limit, truncation)
        if let kept = state.withState({ $0.value(for: key) }) { return kept }
        let prompt = try make()
        state.withState { $0.keep(prompt, for: key) }
        return prompt
    }
}
