import Foundation
import Grace
import TestSupport
import Testing
import Tokenization

@Suite("Spans")
struct SpanTests {
    private func parts(_ text: String, _ granularity: SpanGranularity) -> [String] {
        let scalars = Array(text.unicodeScalars)
        let starts = granularity.starts(of: scalars, tokenStarts: [])
        return starts.indices.map { index in
            let end = index + 1 < starts.count ? starts[index + 1] : scalars.count
            return String(String.UnicodeScalarView(scalars[starts[index]..<end]))
        }
    }

    @Test(
        "Words are runs of what is not white space, with the white space before them",
        arguments: [
            ("", []), ("one", ["one"]), ("one two", ["one", " two"]), ("  one\n\ntwo  ", ["  one", "\n\ntwo  "]),
            (" \n ", [" \n "]), ("a\u{301} b\u{A0}c", ["a\u{301}", " b", "\u{A0}c"]), ("🚀 🚀", ["🚀", " 🚀"]),
        ] as [(String, [String])])
    func words(text: String, expected: [String]) {
        #expect(parts(text, .words) == expected)
    }

    @Test(
        "Sentences end with a mark before white space, with a wide mark, and before a line break",
        arguments: [
            ("", []), ("No mark", ["No mark"]), ("One. Two! Three?", ["One.", " Two!", " Three?"]),
            ("It is 3.14 or e.g.this. Yes", ["It is 3.14 or e.g.this.", " Yes"]),
            ("Title\nText. More\n", ["Title", "\nText.", " More\n"]), ("a  \n\n b", ["a", "  \n\n b"]),
            ("Really?! \"Yes.\" (No.) So", ["Really?!", " \"Yes.\"", " (No.)", " So"]),
            ("東京。「はい！」次", ["東京。", "「はい！」", "次"]), ("。a", ["。", "a"]), ("？", ["？"]), ("...", ["..."]),
            ("\n\nOne.  ", ["\n\nOne.  "]), (" . ", [" . "]), ("a\r\nb", ["a", "\r\nb"]),
            ("1. One. 2. Two\n3. In 1999. Yes", ["1. One.", " 2. Two", "\n3. In 1999.", " Yes"]),
        ] as [(String, [String])])
    func sentences(text: String, expected: [String]) {
        #expect(parts(text, .sentences) == expected)
    }

    @Test("Bytes are repaired as strings are, and each belongs to a scalar")
    func decodedBytes() {
        var mutator = Mutator(seed: 7)
        let source = Array("naïve 東京 🚀\u{301} ‼\u{FE0F}".utf8)
        for _ in 0..<3000 {
            let bytes = mutator.mutate(source)
            let decoded = DecodedBytes(bytes)
            let text = String(decoding: bytes, as: UTF8.self)
            #expect(decoded.scalars == Array(text.unicodeScalars))
            #expect(decoded.scalarOfByte.count == bytes.count)
            #expect(Set(decoded.scalarOfByte) == Set(decoded.scalars.indices))
            #expect(zip(decoded.scalarOfByte, decoded.scalarOfByte.dropFirst()).allSatisfy { $0 <= $1 })
        }
    }

    struct Alignment: Sendable, CustomTestStringConvertible {
        let sent: String
        let read: String
        let isCutAtStart: Bool
        let indices: [Int]
        let range: Range<Int>

        init(_ sent: String, _ read: String, cutAtStart: Bool = false, _ indices: [Int], _ range: Range<Int>) {
            (self.sent, self.read, isCutAtStart, self.indices, self.range) = (sent, read, cutAtStart, indices, range)
        }

        var testDescription: String { "\(sent.debugDescription) as \(read.debugDescription)" }
    }

    @Test(
        "What was read is found in what was sent",
        arguments: [
            Alignment("same", "same", [0, 1, 2, 3], 0..<4),
            // Composed, decomposed for good, and reordered.
            Alignment("ae\u{301}z", "a\u{E9}z", [0, 1, 3], 0..<4),
            Alignment("\u{958}x", "\u{915}\u{93C}x", [0, 0, 1], 0..<2),
            Alignment("a\u{301}\u{323}b", "\u{1EA1}\u{301}b", [0, 0, 3], 0..<4),
            Alignment("\u{1112}\u{1161}\u{11AB}.", "\u{D55C}.", [0, 3], 0..<4),
            // Trimmed.
            Alignment(" \n ab ", "ab", [3, 4], 3..<6), Alignment("  a\u{30A}", "\u{E5}", [2], 2..<4),
            Alignment("   ", "", [], 0..<0), Alignment("   ", "   ", [0, 1, 2], 0..<3),
            // Cut.
            Alignment("e\u{301}e\u{301}e\u{301}", "\u{E9}\u{E9}", [0, 2], 0..<4),
            Alignment("e\u{301}xe\u{301}y ", "\u{E9}y", cutAtStart: true, [3, 5], 3..<6),
            Alignment("ab ab", "ab", cutAtStart: true, [3, 4], 3..<5), Alignment("ab ab", "ab", [0, 1], 0..<2),
        ])
    func alignment(_ expected: Alignment) {
        let found = TextAlignment(
            read: Array(expected.read.unicodeScalars), sent: Array(expected.sent.unicodeScalars),
            isCutAtStart: expected.isCutAtStart)
        #expect(found.sentIndices == expected.indices)
        // White space at the end may be counted in: it was trimmed, and is nobody's.
        #expect(found.range.lowerBound == expected.range.lowerBound)
        #expect(found.range.upperBound <= max(expected.range.upperBound, expected.range.lowerBound))
    }

    private static let pieces = [
        "word", " and", "e\u{301}", "\u{E9}", "a\u{323}\u{301}", "\u{301}", "\u{1112}\u{1161}\u{11AB}", "東京。", "🚀", "👩‍🚀",
        ".",
        "! ", "? ", "\n", "\n\n", "  ", "\t", "<|im_end|>", "<think>", "\u{958}", "\u{2126}", "\u{338}", ">", "1", "'s",
    ]

    private func text(_ generator: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...30, using: &generator)).map { _ in
            Self.pieces[Int.random(in: Self.pieces.indices, using: &generator)]
        }.joined()
    }

    @Test(
        "Whatever is sent, spans are parts of it without gaps, and every pooled token has the one that holds its first byte",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func layouts(name: String) throws {
        guard let model = try loadReference(name) else { return }
        let builder = model.promptBuilder
        var generator = SeededGenerator(seed: 11)
        let shortest = try builder.prompt(for: "x", limit: 1024, truncation: .refuse).tokens.count
        for _ in 0..<400 {
            let text = text(&generator)
            let truncation = Bool.random(using: &generator) ? Truncation.right : .left
            let limit = Bool.random(using: &generator) ? 4096 : shortest + Int.random(in: 8...24, using: &generator)
            let promptCount = Int.random(in: 0...3, using: &generator)
            let layout = try builder.layout(for: .text(text), limit: limit, truncation: truncation, index: 0)
            let prompt = try builder.prompt(for: text, limit: limit, truncation: truncation)
            #expect(layout.prompt == prompt)
            let read = builder.tokenizer.decode(prompt.tokens[layout.textTokens], skipControlTokens: false)
            checkRange(layout, read: read, truncation)
            let rationale = builder.tokenizer.encode(self.text(&generator), controlTokens: .recognised)
            for granularity in SpanGranularity.allCases {
                let spanned = layout.spans(
                    rationale: rationale, builder.tokenizer, promptCount: promptCount, granularity)
                #expect(spanned.spanOfToken.count == prompt.tokens.count - prompt.poolingStart + rationale.count)
                #expect(zip(spanned.spanOfToken, spanned.spanOfToken.dropFirst()).allSatisfy { $0 <= $1 })
                let sent = Array(text.unicodeScalars)
                var next = max(layout.readRange.lowerBound, min(promptCount, layout.readRange.upperBound))
                for span in spanned.spans where span.kind == .text {
                    let range = try #require(span.range)
                    #expect(range.lowerBound + promptCount == next && !range.isEmpty)
                    next = range.upperBound + promptCount
                    let part = sent[range.lowerBound + promptCount..<next]
                    #expect(Array(span.text.unicodeScalars) == Array(part))
                }
                #expect(next == max(layout.readRange.upperBound, min(promptCount, layout.readRange.upperBound)))
                #expect(
                    spanned.spans.filter { $0.kind == .rationale }.map(\.text).joined().unicodeScalars.elementsEqual(
                        builder.tokenizer.decode(rationale, skipControlTokens: true).unicodeScalars))
                #expect(spanned.spans.count { $0.kind == .template } == 1)
                for (token, start) in layout.tokenStarts.enumerated() {
                    let span = spanned.spans[spanned.spanOfToken[token]]
                    guard let range = span.range else {
                        #expect(span.kind == .prompt && start < promptCount)
                        continue
                    }
                    #expect(range.contains(start - promptCount) || start < promptCount && range.lowerBound == 0)
                }
            }
        }
    }

    /// That the part of the text which was read is what the model read, but for white space at its ends, for how characters
    /// are composed, and for what a cut leaves of one of them.
    private func checkRange(_ layout: PromptLayout, read: String, _ truncation: Truncation) {
        let sent = String(String.UnicodeScalarView(layout.sent[layout.readRange])).decomposedStringWithCanonicalMapping
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let read = read.decomposedStringWithCanonicalMapping.trimmingCharacters(in: .whitespacesAndNewlines)
        if layout.prompt.isTruncated {
            // Marks that belonged to the last character may be gone.
            #expect(read.unicodeScalars.count <= sent.unicodeScalars.count)
        } else {
            #expect(Array(sent.utf8) == Array(read.utf8))
        }
    }

    @Test("A template's own tokens are one span, and control tokens of a rationale belong to what is before them")
    func templateSpan() throws {
        let builder = try #require(try loadReference("tiny-qwen2")).promptBuilder
        let layout = try builder.layout(for: .text("One. Two"), limit: 1024, truncation: .refuse, index: 0)
        let control = try #require(builder.tokenizer.tokenID(of: "<|im_start|>"))
        let words = builder.tokenizer.encode("Yes. No", controlTokens: .asText)
        let spanned = layout.spans(
            rationale: [control] + words + [control], builder.tokenizer, promptCount: 0, .sentences)
        #expect(
            spanned.spans == [
                TextSpan(kind: .text, range: 0..<4, text: "One."), TextSpan(kind: .text, range: 4..<8, text: " Two"),
                TextSpan(kind: .template, range: nil, text: "<|im_end|>\n<|im_start|>assistant\n"),
                TextSpan(kind: .rationale, range: 0..<4, text: "Yes."),
                TextSpan(kind: .rationale, range: 4..<7, text: " No"),
            ])
        let ofRationale = spanned.spanOfToken.suffix(words.count + 2)
        #expect(ofRationale.first == 2 && ofRationale.last == 4)
    }

    @Test("Tokens that are sent have the offsets of what they spell", arguments: [Truncation.right, .left])
    func tokens(truncation: Truncation) throws {
        let builder = try #require(try loadReference("tiny-qwen2")).promptBuilder
        let text = "One 🚀. Two é three. Four"
        let ids = builder.tokenizer.encode(text, controlTokens: .asText).map(Int.init)
        let whole = try builder.layout(for: .tokens(ids), limit: 1024, truncation: truncation, index: 0)
        #expect(whole.readRange == 0..<text.unicodeScalars.count && whole.textTokens.count == ids.count)
        let cut = try builder.layout(
            for: .tokens(ids), limit: whole.prompt.tokens.count - 3, truncation: truncation, index: 0)
        #expect(cut.textTokens.count == ids.count - 3)
        let expected = truncation == .right ? whole.tokenStarts.dropLast(3) : whole.tokenStarts.dropFirst(3)
        #expect(cut.tokenStarts == Array(expected))
    }
}
