/// The number of a token in its vocabulary.
package typealias TokenID = Int32

/// The parts of a byte-level BPE tokenizer as its file states them, not yet validated.
package struct TokenizerDefinition: Equatable, Sendable {
    /// A token that merging can produce.
    package struct VocabularyEntry: Equatable, Sendable {
        /// The token in GPT-2's spelling of bytes.
        package var spelling: String
        /// The token's id as the file has it, in range or not.
        package var identifier: Int

        /// Takes both as they are: the tokenizer checks them.
        package init(spelling: String, identifier: Int) {
            self.spelling = spelling
            self.identifier = identifier
        }
    }

    /// A token that is found in the text as a whole, before anything else is done to the text.
    package struct AddedToken: Equatable, Sendable {
        /// The text that the token stands for, as it is.
        package var content: String
        /// The token's id as the file has it, in range or not.
        package var identifier: Int
        /// Whether the token steers the model (`<|im_end|>`), and so must not come out of a user's text.
        package var isControl: Bool
        /// Whether the token is searched for in the normalised text, after the tokens for which this is false.
        package var matchesNormalizedText: Bool

        /// Takes the parts as they are: the tokenizer checks them.
        package init(content: String, identifier: Int, isControl: Bool, matchesNormalizedText: Bool = false) {
            self.content = content
            self.identifier = identifier
            self.isControl = isControl
            self.matchesNormalizedText = matchesNormalizedText
        }
    }

    /// Two neighbouring tokens that become one.
    package struct Merge: Equatable, Sendable {
        /// The first token, in GPT-2's spelling of bytes.
        package var left: String
        /// The second token, in GPT-2's spelling of bytes.
        package var right: String

        /// Takes both as they are: the tokenizer checks that they and their union are tokens.
        package init(left: String, right: String) {
            self.left = left
            self.right = right
        }
    }

    /// In any order; the tokenizer checks that no identifier or spelling stands for two.
    package var vocabulary: [VocabularyEntry]
    /// An added token may repeat an entry of the vocabulary, with the same identifier.
    package var addedTokens: [AddedToken]
    /// In GPT-2's spelling, most urgent first.
    package var merges: [Merge]
    /// How a text is split before merging: no merge crosses a split.
    package var preTokenizer: PreTokenizer
    /// Whether text is brought to Unicode normalisation form C first.
    package var normalizesToNFC: Bool
    /// Whether a pre-token that is itself a token is taken without merging.
    package var ignoresMerges: Bool

    /// Takes the parts as they are: the tokenizer checks them.
    package init(
        vocabulary: [VocabularyEntry], addedTokens: [AddedToken] = [], merges: [Merge], preTokenizer: PreTokenizer,
        normalizesToNFC: Bool = false, ignoresMerges: Bool = false
    ) {
        self.vocabulary = vocabulary
        self.addedTokens = addedTokens
        self.merges = merges
        self.preTokenizer = preTokenizer
        self.normalizesToNFC = normalizesToNFC
        self.ignoresMerges = ignoresMerges
    }

    /// A merge as most files write it: two tokens with one space between.
    ///
    /// - Throws: `malformedMerge` if there is not exactly one space, or nothing on one of its sides.
    static func merge(_ text: String, index: Int) throws(TokenizationError) -> Merge {
        let utf8 = text.utf8
        let space = UInt8(ascii: " ")
        guard let middle = utf8.firstIndex(of: space), middle != utf8.startIndex else {
            throw .malformedMerge(index: index, found: text)
        }
        let right = text[utf8.index(after: middle)...]
        guard !right.isEmpty, !right.utf8.contains(space) else {
            throw .malformedMerge(index: index, found: text)
        }
        return Merge(left: String(text[..<middle]), right: String(right))
    }
}
