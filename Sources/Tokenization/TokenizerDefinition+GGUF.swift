extension TokenizerDefinition {
    /// From the metadata of a GGUF file whose `tokenizer.ggml.model` is `gpt2`.
    ///
    /// - Parameters:
    ///   - tokens: `tokenizer.ggml.tokens`, by identifier.
    ///   - tokenTypes: `tokenizer.ggml.token_type`, of the same length.
    ///   - merges: `tokenizer.ggml.merges`.
    ///   - preTokenizerName: `tokenizer.ggml.pre`; it also decides on NFC and on merging, which GGUF does not state.
    /// - Throws: `unsupported`, `tokenTypeCountMismatch`, `unknownTokenType`, `malformedMerge`.
    package init(
        tokens: [String], tokenTypes: [Int], merges: [String], preTokenizerName: String
    ) throws(TokenizationError) {
        guard tokens.count == tokenTypes.count else {
            throw .tokenTypeCountMismatch(tokens: tokens.count, types: tokenTypes.count)
        }
        guard let preTokenizer = PreTokenizer(ggufName: preTokenizerName) else {
            throw .unsupported(
                key: "tokenizer.ggml.pre", found: preTokenizerName,
                expected: PreTokenizer.allCases.flatMap(\.ggufNames).joined(separator: ", "))
        }
        self.init(
            vocabulary: [], merges: [], preTokenizer: preTokenizer,
            normalizesToNFC: preTokenizer == .qwen2, ignoresMerges: preTokenizer == .llama3)
        vocabulary.reserveCapacity(tokens.count)
        for (identifier, (token, type)) in zip(tokens, tokenTypes).enumerated() {
            switch type {
            case 1, 5, 6:  // Normal, unused (padding of the embedding matrix), byte.
                vocabulary.append(VocabularyEntry(spelling: token, identifier: identifier))
            case 2, 3:  // Unknown, control.
                addedTokens.append(AddedToken(content: token, identifier: identifier, isControl: true))
            case 4:  // User defined.
                addedTokens.append(AddedToken(content: token, identifier: identifier, isControl: false))
            default:
                throw .unknownTokenType(identifier: identifier, type: type)
            }
        }
        self.merges.reserveCapacity(merges.count)
        for (index, merge) in merges.enumerated() {
            self.merges.append(try Self.merge(merge, index: index))
        }
    }
}
