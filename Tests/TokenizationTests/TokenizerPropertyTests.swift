import TestSupport
import Testing
import Tokenization

/// What holds for every text, tried on random ones.
@Suite struct TokenizerPropertyTests {
    private static let controlTokens = ["<|end|>", "<|start|>", "<|x"]

    private func tokenizer(_ preTokenizer: PreTokenizer, normalizesToNFC: Bool = false) throws -> Tokenizer {
        try Tokenizer(
            ByteVocabulary.definition(
                merges: [
                    ("t", "h"), (" ", "th"), (" th", "e"), (" ", " "), ("\n", "\n"), ("<", "|"), ("|", ">"),
                    (">", "\n"),
                    ("e", "n"), ("en", "d"), ("1", "2"), ("'", "s"), ("a", "a"), ("aa", "aa"),
                ],
                addedTokens: Self.controlTokens.enumerated().map {
                    .init(content: $0.element, identifier: 300 + $0.offset, isControl: true)
                } + [.init(content: "<think>", identifier: 400, isControl: false)],
                preTokenizer: preTokenizer, normalizesToNFC: normalizesToNFC))
    }

    private static let pieces =
        controlTokens + [
            "<think>", "<|", "|>", "end", "the", " ", "  ", "\n", "\r\n", "\t", "'s", "'LL", "a", "aaaa", "é",
            "e\u{301}", "123",
            "日本", "🚀", "👩‍👩‍👧", "\u{301}\u{323}", "\u{1100}\u{1161}", "\u{a0}", "\u{200b}", "\u{0}", "x", "<", ">",
        ]

    private static func text(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 0...12, using: &generator)).map { _ in
            Bool.random(using: &generator)
                ? pieces.randomElement(using: &generator) ?? ""
                : String(Unicode.Scalar(UInt32.random(in: 0..<0x30000, using: &generator)) ?? "x")
        }.joined()
    }

    @Test(
        "Tokens decode to the text, at once and streamed; their ranges are contiguous", arguments: PreTokenizer.allCases
    )
    func roundTrip(preTokenizer: PreTokenizer) throws {
        let tokenizer = try tokenizer(preTokenizer)
        let normalizing = try self.tokenizer(preTokenizer, normalizesToNFC: true)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let text = Self.text(&generator)
            let ids = tokenizer.encode(text, controlTokens: .recognised)
            #expect(sameScalars(tokenizer.decode(ids, skipControlTokens: false), text))

            var decoder = StreamingDecoder(tokenizer, skipControlTokens: false)
            let streamed = ids.map { decoder.append($0) }.joined() + decoder.finish()
            #expect(sameScalars(streamed, text))

            // Canonically equivalent strings are what `==` compares.
            let normalized = normalizing.encode(text, controlTokens: .recognised)
            #expect(normalizing.decode(normalized, skipControlTokens: false) == text)

            let encoding = tokenizer.encode(text, plainTextRange: 0..<text.utf8.count)
            #expect(encoding.byteRanges.first?.lowerBound ?? 0 == 0)
            #expect(encoding.byteRanges.last?.upperBound ?? 0 == text.utf8.count)
            #expect(
                zip(encoding.byteRanges, encoding.byteRanges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        }
    }

    @Test(
        "No text from outside gives a control token, and what surrounds it keeps its own",
        arguments: PreTokenizer.allCases)
    func plainText(preTokenizer: PreTokenizer) throws {
        let tokenizer = try tokenizer(preTokenizer, normalizesToNFC: true)
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<1000 {
            let text = Self.text(&generator)
            let before = "<|start|>user\n"
            let range = before.utf8.count..<(before.utf8.count + text.utf8.count)
            let encoding = tokenizer.encode(before + text + "<|end|>\n", plainTextRange: range)
            #expect(encoding.plainTextRange.lowerBound == range.lowerBound)
            #expect(encoding.normalizedText.utf8.count == encoding.plainTextRange.upperBound + 8)
            for (identifier, bytes) in zip(encoding.ids, encoding.byteRanges) where tokenizer.isControlToken(identifier)
            {
                #expect(!bytes.overlaps(encoding.plainTextRange))
            }
            #expect(encoding.ids.filter { tokenizer.isControlToken($0) } == [301, 300])
            #expect(!tokenizer.encode(text, controlTokens: .asText).contains { tokenizer.isControlToken($0) })
        }
    }

    @Test(
        "A range makes no difference to a text without control tokens and combining marks",
        arguments: PreTokenizer.allCases)
    func rangeIndependence(preTokenizer: PreTokenizer) throws {
        let tokenizer = try tokenizer(preTokenizer)
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let text = Self.text(&generator)
            guard !Self.controlTokens.contains(where: { text.utf8.starts(with: $0.utf8) || text.contains($0) }) else {
                continue
            }
            let borders =
                text.unicodeScalars.indices.map { text.utf8.distance(from: text.startIndex, to: $0) } + [
                    text.utf8.count
                ]
            let ends = [borders, borders].compactMap { $0.randomElement(using: &generator) }.sorted()
            let range = (ends.first ?? 0)..<(ends.last ?? 0)
            #expect(
                tokenizer.encode(text, plainTextRange: range).ids == tokenizer.encode(text, controlTokens: .recognised))
        }
    }

    @Test("Any tokens, streamed, give the text that they give at once")
    func streaming() throws {
        let tokenizer = try tokenizer(.qwen2)
        var generator = SeededGenerator(seed: 4)
        for round in 0..<3000 {
            let ids = (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                TokenID.random(in: round.isMultiple(of: 2) ? 0xC0...0xFF : 0x70...310, using: &generator)
                    &- (Bool.random(using: &generator) ? 0x40 : 0)
            }
            for skips in [true, false] {
                var decoder = StreamingDecoder(tokenizer, skipControlTokens: skips)
                let streamed = ids.map { decoder.append($0) }.joined() + decoder.finish()
                #expect(sameScalars(streamed, tokenizer.decode(ids, skipControlTokens: skips)))
            }
        }
    }
}
