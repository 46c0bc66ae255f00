import Testing
import Tokenization

@Suite struct NormalizationTests {
    private let tokenizer: Tokenizer

    init() throws {
        tokenizer = try Tokenizer(ByteVocabulary.definition(normalizesToNFC: true))
    }

    @Test(
        "Text is brought to normalisation form C",
        arguments: [
            ("abc é", "abc é"),
            ("a\u{301} vs \u{e1}", "\u{e1} vs \u{e1}"),
            ("a\u{323}\u{302}", "\u{1ead}"),
            ("a\u{302}\u{323}", "\u{1ead}"),
            ("\u{e2}\u{323}", "\u{1ead}"),
            ("q\u{307}\u{323}", "q\u{323}\u{307}"),
            ("a\u{301}\u{301}", "\u{e1}\u{301}"),
            ("a\u{34f}\u{301}", "a\u{34f}\u{301}"),
            ("\u{301}a", "\u{301}a"),
            ("\u{37e}\u{212a}\u{2126}\u{f900}", ";K\u{3a9}\u{8c48}"),
            ("\u{958}\u{344}", "\u{915}\u{93c}\u{308}\u{301}"),
            ("\u{1100}\u{1161}\u{11a8}\u{1100}\u{1161}", "\u{ac01}\u{ac00}"),
            ("\u{ac00}\u{11a8}\u{ac01}\u{11a8}", "\u{ac01}\u{ac01}\u{11a8}"),
            ("\u{1113}\u{1161}", "\u{1113}\u{1161}"),
            ("\u{cc6}\u{cc2}\u{cd5}", "\u{ccb}"),
            ("\u{3b1}\u{313}\u{300}\u{345}", "\u{1f82}"),
            ("\u{200c7}\u{301}", "\u{200c7}\u{301}"),
            ("\u{11099}\u{110ba}", "\u{1109a}"),
            ("\u{1d15e}", "\u{1d157}\u{1d165}"),
        ])
    func formC(text: String, expected: String) {
        let encoding = tokenizer.encode(text, plainTextRange: 0..<text.utf8.count)
        #expect(
            sameScalars(encoding.normalizedText, expected), "\(encoding.normalizedText.unicodeScalars.map(\.value))")
        #expect(encoding.ids == expected.utf8.map(TokenID.init))
        #expect(encoding.plainTextRange == 0..<expected.utf8.count)
    }

    @Test("A long run of combining marks is ordered, in no more than n log n steps")
    func longRun() {
        let text = "a" + String(repeating: "\u{301}\u{323}", count: 200_000)
        let expected =
            "\u{1ea1}" + String(repeating: "\u{323}", count: 199_999) + String(repeating: "\u{301}", count: 200_000)
        let encoding = tokenizer.encode(text, plainTextRange: 0..<text.utf8.count)
        #expect(sameScalars(encoding.normalizedText, expected))
    }

    @Test("The parts before, in and after the plain text are normalised separately")
    func borders() {
        let encoding = tokenizer.encode("e\u{301}e\u{301}e\u{301}", plainTextRange: 4..<6)
        #expect(sameScalars(encoding.normalizedText, "\u{e9}e\u{301}\u{e9}"))
        #expect(encoding.plainTextRange == 3..<5)
        let empty = tokenizer.encode("e\u{301}", plainTextRange: 1..<1)
        #expect(sameScalars(empty.normalizedText, "e\u{301}"))
        #expect(empty.plainTextRange == 1..<1)
    }

    @Test("An added token is searched for before normalisation, and stays as it is")
    func rawTokens() throws {
        let tokenizer = try Tokenizer(
            ByteVocabulary.definition(
                addedTokens: [.init(content: "e\u{301}", identifier: 300, isControl: false)], normalizesToNFC: true))
        #expect(tokenizer.encode("\u{e9}e\u{301}\u{301}", controlTokens: .asText) == [195, 169, 300, 204, 129])
        let encoding = tokenizer.encode("xe\u{301}y", plainTextRange: 2..<4)
        #expect(encoding.ids == [120, 300, 121])
        #expect(encoding.plainTextRange == 2..<4)
    }
}
