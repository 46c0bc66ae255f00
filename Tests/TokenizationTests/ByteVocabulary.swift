import Tokenization

/// A small tokenizer for tests: identifiers 0 to 255 are the bytes, the results of the merges follow in their order.
enum ByteVocabulary {
    /// GPT-2's character for a byte.
    static func character(of byte: UInt8) -> Unicode.Scalar {
        let unprintable = Array(0...0x20) + Array(0x7F...0xA0) + [0xAD]
        return Unicode.Scalar(unprintable.firstIndex(of: Int(byte)).map { UInt32(0x100 + $0) } ?? UInt32(byte)) ?? "?"
    }

    static func spelling(of text: String) -> String {
        String(String.UnicodeScalarView(text.utf8.map(character)))
    }

    /// - Parameter merges: Pairs of text, not spelled.
    static func definition(
        merges: [(String, String)] = [], addedTokens: [TokenizerDefinition.AddedToken] = [],
        preTokenizer: PreTokenizer = .gpt2, normalizesToNFC: Bool = false, ignoresMerges: Bool = false
    ) -> TokenizerDefinition {
        let results = merges.map { spelling(of: $0.0 + $0.1) }
        let spellings = (0...255).map { String(character(of: $0)) } + results
        return TokenizerDefinition(
            vocabulary: spellings.enumerated().map { .init(spelling: $0.element, identifier: $0.offset) },
            addedTokens: addedTokens,
            merges: merges.map { .init(left: spelling(of: $0.0), right: spelling(of: $0.1)) },
            preTokenizer: preTokenizer, normalizesToNFC: normalizesToNFC, ignoresMerges: ignoresMerges)
    }
}

extension Tokenizer {
    /// The bytes of each token of a text, as text: what a reader wants to see of an encoding.
    func pieces(_ text: String, controlTokens: ControlTokenHandling = .recognised) -> [String] {
        encode(text, controlTokens: controlTokens).map { String(decoding: bytes(of: $0), as: UTF8.self) }
    }
}

/// Equality of strings that tells canonically equivalent ones apart, as `==` does not.
func sameScalars(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8)
}
