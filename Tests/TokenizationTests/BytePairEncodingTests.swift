import TestSupport
import Testing
import Tokenization

@Suite struct BytePairEncodingTests {
    @Test("Pairs merge by rank, and of equal rank from the left")
    func order() throws {
        let tokenizer = try Tokenizer(
            ByteVocabulary.definition(merges: [("b", "c"), ("a", "b"), ("a", "a"), ("aa", "a"), ("a", "bc")]))
        #expect(tokenizer.pieces("abc") == ["abc"])
        #expect(tokenizer.pieces("ab") == ["ab"])
        #expect(tokenizer.pieces("aaaaa") == ["aa", "aaa"])
        #expect(tokenizer.encode("abc", controlTokens: .recognised) == [260])
        #expect(tokenizer.encode("", controlTokens: .recognised) == [])
    }

    @Test("Of a merge listed twice the last place counts")
    func repeatedMerge() throws {
        var definition = ByteVocabulary.definition(merges: [("a", "b"), ("b", "c")])
        #expect(try Tokenizer(definition).pieces("abc") == ["ab", "c"])
        definition.merges.append(.init(left: "a", right: "b"))
        #expect(try Tokenizer(definition).pieces("abc") == ["a", "bc"])
    }

    @Test("Merging does not cross pre-tokens")
    func preTokens() throws {
        let tokenizer = try Tokenizer(ByteVocabulary.definition(merges: [("b", " "), (" ", "b")]))
        #expect(tokenizer.pieces("b b") == ["b", " b"])
    }

    @Test("A pre-token that is a token is taken whole where merges are ignored, though no merge leads to it")
    func ignoredMerges() throws {
        var definition = ByteVocabulary.definition(merges: [("a", "b")])
        definition.vocabulary.append(.init(spelling: "abcd", identifier: 257))
        #expect(try Tokenizer(definition).pieces("abcd abcd") == ["ab", "c", "d", " ", "ab", "c", "d"])
        definition.ignoresMerges = true
        #expect(try Tokenizer(definition).pieces("abcd abcd") == ["abcd", " ", "ab", "c", "d"])
    }

    @Test("A byte without a token is left out, and what it parted merges")
    func missingByte() throws {
        var definition = ByteVocabulary.definition(merges: [("!", "!")])
        definition.vocabulary.remove(at: 4)
        let tokenizer = try Tokenizer(definition)
        let encoding = tokenizer.encode("!\u{4}!\u{4}a", plainTextRange: 0..<5)
        #expect(encoding.ids == [256, 97])
        #expect(encoding.byteRanges == [0..<3, 4..<5])
    }

    /// Long words take another way to the same result.
    @Test("Words of any length are merged as the definition of byte-pair encoding says", arguments: [1, 2, 3])
    func longWords(seed: UInt64) throws {
        let letters = ["a", "b", "c"]
        var merges: [(String, String)] = []
        var generator = SeededGenerator(seed: seed)
        var known = letters
        while known.count < 40 {
            let pair = (known.randomElement(using: &generator) ?? "a", known.randomElement(using: &generator) ?? "a")
            if !known.contains(pair.0 + pair.1) {
                known.append(pair.0 + pair.1)
                merges.append(pair)
            }
        }
        merges.shuffle(using: &generator)
        let tokenizer = try Tokenizer(ByteVocabulary.definition(merges: merges))
        for length in [1, 2, 3, 10, 46, 47, 48, 49, 50, 200, 1000] {
            var pieces = (0..<length).map { _ in letters.randomElement(using: &generator) ?? "a" }
            let text = pieces.joined()
            while let merge = merges.first(where: { merge in
                zip(pieces, pieces.dropFirst()).contains { $0.0 == merge.0 && $0.1 == merge.1 }
            }) {
                let index = pieces.indices.first { pieces[$0] == merge.0 && pieces[$0 + 1] == merge.1 } ?? 0
                pieces.replaceSubrange(index...(index + 1), with: [merge.0 + merge.1])
            }
            #expect(tokenizer.pieces(text) == pieces)
        }
    }

    @Test("A word of a million letters is encoded")
    func enormousWord() throws {
        let tokenizer = try Tokenizer(ByteVocabulary.definition(merges: [("a", "a"), ("aa", "aa")]))
        #expect(tokenizer.encode(String(repeating: "a", count: 1_000_000), controlTokens: .asText).count == 250_000)
    }
}
