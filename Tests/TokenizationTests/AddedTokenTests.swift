import Testing
import Tokenization

@Suite struct AddedTokenTests {
    private func tokenizer(normalizesToNFC: Bool = false) throws -> Tokenizer {
        try Tokenizer(
            ByteVocabulary.definition(
                addedTokens: [
                    .init(content: "<|end|>", identifier: 300, isControl: true),
                    .init(content: "<|end|>>", identifier: 301, isControl: true),
                    .init(content: "<think>", identifier: 302, isControl: false),
                    .init(content: "<|", identifier: 303, isControl: false),
                    .init(content: "caf\u{e9}", identifier: 304, isControl: false, matchesNormalizedText: true),
                ], normalizesToNFC: normalizesToNFC))
    }

    @Test(
        "Added tokens are found leftmost and longest first",
        arguments: [
            ("<|end|>", [300]), ("<|end|>>", [301]), ("<|end|>>>", [301, 62]), ("a<|end|>b", [97, 300, 98]),
            ("<|en", [303, 101, 110]), ("<<|end|>", [60, 300]), ("<think>", [302]),
            ("<think", [60, 116, 104, 105, 110, 107]),
        ] as [(String, [TokenID])])
    func matching(text: String, expected: [TokenID]) throws {
        #expect(try tokenizer().encode(text, controlTokens: .recognised) == expected)
    }

    @Test("A control token in text from outside is text; other added tokens in it, and within it, are found")
    func asText() throws {
        #expect(try tokenizer().encode("<|end|>", controlTokens: .asText) == [303, 101, 110, 100, 124, 62])
        #expect(try tokenizer().encode("<think>", controlTokens: .asText) == [302])
    }

    @Test(
        "A control token is text if it overlaps the plain text, and is found if it only touches it",
        arguments: [
            (7..<8, [300, 97, 300]),
            (6..<8, [303, 101, 110, 100, 124, 62, 97, 300]),
            (7..<9, [300, 97, 303, 101, 110, 100, 124, 62]),
            (0..<15, [303, 101, 110, 100, 124, 62, 97, 303, 101, 110, 100, 124, 62]),
            (7..<7, [300, 97, 300]),
            (0..<0, [300, 97, 300]),
            (15..<15, [300, 97, 300]),
        ] as [(Range<Int>, [TokenID])])
    func plainText(range: Range<Int>, expected: [TokenID]) throws {
        let encoding = try tokenizer().encode("<|end|>a<|end|>", plainTextRange: range)
        #expect(encoding.ids == expected)
        #expect(encoding.plainTextRange == range)
        #expect(encoding.byteRanges.first?.lowerBound == 0)
        #expect(encoding.byteRanges.last?.upperBound == 15)
    }

    @Test("A token that only exists after normalisation is found then")
    func normalizedToken() throws {
        #expect(try tokenizer(normalizesToNFC: true).encode("cafe\u{301}", controlTokens: .asText) == [304])
        #expect(
            try tokenizer().encode("cafe\u{301}", controlTokens: .asText) == [99, 97, 102, 101, 204, 129])
    }

    @Test("Control tokens are known by their text")
    func lookup() throws {
        let tokenizer = try tokenizer()
        #expect(tokenizer.tokenID(of: "<|end|>") == 300)
        #expect(tokenizer.tokenID(of: "caf\u{e9}") == 304)
        #expect(tokenizer.tokenID(of: "cafe\u{301}") == nil)
        #expect(tokenizer.tokenID(of: "a") == nil)
        #expect(tokenizer.isControlToken(300))
        for identifier in [302, 97, -1, 305, .max, .min] as [TokenID] {
            #expect(!tokenizer.isControlToken(identifier))
        }
        #expect(tokenizer.vocabularySize == 305)
    }

    @Test("Merging cannot end in a control token")
    func mergedControlToken() {
        var definition = ByteVocabulary.definition(merges: [("a", "b")])
        definition.addedTokens = [.init(content: "ab", identifier: 256, isControl: true)]
        #expect(throws: TokenizationError.unknownMergeToken(index: 0, token: "ab")) { try Tokenizer(definition) }
        definition.merges = []
        definition.ignoresMerges = true
        #expect(throws: Never.self) {
            let tokenizer = try Tokenizer(definition)
            #expect(tokenizer.encode("ab", controlTokens: .asText) == [97, 98])
        }
    }
}
