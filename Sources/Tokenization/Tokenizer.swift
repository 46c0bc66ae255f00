/// A byte-level BPE tokenizer: text to token identifiers and back, as Hugging Face's `tokenizers` does it.
///
/// Immutable, so one value serves every thread. Identifiers are those of encoding without "special tokens": nothing is
/// put before or after the text.
package struct Tokenizer: Sendable {
    let vocabulary: Vocabulary
    let encoder: BytePairEncoder
    let preTokenizer: PreTokenizer
    let normalizesToNFC: Bool
    /// Added tokens that are searched for in the text as given.
    let rawMatcher: AddedTokenMatcher
    /// Added tokens that are searched for after normalisation.
    let normalizedMatcher: AddedTokenMatcher
    private let addedTokenIDs: [[UInt8]: TokenID]

    /// From the parts, which are validated here.
    ///
    /// - Throws: `TokenizationError` for tokens or merges that contradict each other.
    package init(_ definition: TokenizerDefinition) throws(TokenizationError) {
        vocabulary = try Vocabulary(definition)
        encoder = try BytePairEncoder(definition, vocabulary: vocabulary)
        preTokenizer = definition.preTokenizer
        normalizesToNFC = definition.normalizesToNFC
        rawMatcher = AddedTokenMatcher(definition.addedTokens.filter { !$0.matchesNormalizedText })
        normalizedMatcher = AddedTokenMatcher(definition.addedTokens.filter(\.matchesNormalizedText))
        var addedTokenIDs: [[UInt8]: TokenID] = [:]
        for token in definition.addedTokens {
            addedTokenIDs[Array(token.content.utf8)] = TokenID(token.identifier)
        }
        self.addedTokenIDs = addedTokenIDs
    }

    /// From the bytes of a Hugging Face `tokenizer.json`.
    ///
    /// - Throws: `TokenizationError`; a feature of the format that these tokenizers do not use is `unsupported`.
    package init(json: [UInt8]) throws(TokenizationError) {
        try self.init(TokenizerDefinition(json: json))
    }

    /// One more than the largest identifier.
    package var vocabularySize: Int { vocabulary.size }

    /// The identifier of an added token by its text, for example `<|im_end|>`.
    package func tokenID(of content: String) -> TokenID? {
        addedTokenIDs[Array(content.utf8)]
    }

    /// Whether a token steers the model and so is no part of its text.
    package func isControlToken(_ identifier: TokenID) -> Bool {
        vocabulary.isControlToken(identifier)
    }
}
