import Testing
import Tokenization

@Suite struct DecodingTests {
    private let tokenizer: Tokenizer

    init() throws {
        tokenizer = try Tokenizer(
            ByteVocabulary.definition(addedTokens: [.init(content: "<|é|>", identifier: 300, isControl: true)]))
    }

    @Test(
        "Ill-formed UTF-8 is repaired, each maximal part with one U+FFFD",
        arguments: [
            ([], ""),
            ([0xE2, 0x82, 0xAC], "€"),
            ([0xE2, 0x82], "\u{FFFD}"),
            ([0xE2, 0x82, 0x41], "\u{FFFD}A"),
            ([0xE0, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xF0, 0x9F, 0x9A], "\u{FFFD}"),
            ([0xF0, 0x9F, 0x9A, 0xF0, 0x9F, 0x9A, 0x80], "\u{FFFD}🚀"),
            ([0xF4, 0x90, 0x80, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}"),
            ([0x80, 0x41, 0xFF], "\u{FFFD}A\u{FFFD}"),
            ([0x41, 300, 0x42], "A<|é|>B"),
            ([0xE2, 300, 0x82, 0xAC], "\u{FFFD}<|é|>\u{FFFD}\u{FFFD}"),
            ([0x41, -1, 299, 5000, 0x42], "AB"),
        ] as [([TokenID], String)])
    func repair(ids: [TokenID], expected: String) {
        #expect(sameScalars(tokenizer.decode(ids, skipControlTokens: false), expected))
        var decoder = StreamingDecoder(tokenizer, skipControlTokens: false)
        let pieces = ids.map { decoder.append($0) } + [decoder.finish()]
        #expect(sameScalars(pieces.joined(), expected))
    }

    @Test("Control tokens can be left out")
    func skipping() {
        #expect(tokenizer.decode([0x41, 300, 0x42], skipControlTokens: true) == "AB")
        #expect(tokenizer.decode([0xE2, 300, 0x82, 0xAC], skipControlTokens: true) == "€")
        var decoder = StreamingDecoder(tokenizer, skipControlTokens: true)
        #expect([0xE2, 300, 0x82, 0xAC].map { decoder.append($0) } == ["", "", "", "€"])
        #expect(decoder.finish() == "")
    }

    @Test(
        "A scalar appears with its last byte, and bytes that cannot become one appear at once",
        arguments: [
            ([0xF0, 0x9F, 0x9A, 0x80], ["", "", "", "🚀", ""]),
            ([0x41, 0xC3, 0xA9], ["A", "", "é", ""]),
            ([0xC3, 0x41], ["", "\u{FFFD}A", ""]),
            ([0xE0, 0x80], ["", "\u{FFFD}\u{FFFD}", ""]),
            ([0xFF, 0xC1], ["\u{FFFD}", "\u{FFFD}", ""]),
            ([0xE2, 0x82], ["", "", "\u{FFFD}"]),
        ] as [([TokenID], [String])])
    func streaming(ids: [TokenID], expected: [String]) {
        var decoder = StreamingDecoder(tokenizer, skipControlTokens: false)
        #expect(ids.map { decoder.append($0) } + [decoder.finish()] == expected)
    }

    @Test("A token's bytes are its own, not its spelling")
    func bytes() {
        #expect(tokenizer.bytes(of: 0x20) == [0x20])
        #expect(tokenizer.bytes(of: 0xAD) == [0xAD])
        #expect(tokenizer.bytes(of: 300) == Array("<|é|>".utf8))
        #expect(tokenizer.bytes(of: -1) == [])
        #expect(tokenizer.bytes(of: 299) == [])
        #expect(tokenizer.bytes(of: .max) == [])
    }
}
