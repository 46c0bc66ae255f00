import Testing
import Tokenization

/// The splits were checked against Hugging Face's `tokenizers` 0.23.
@Suite struct PreTokenizerTests {
    @Test(
        "GPT-2's pattern takes a space along, keeps numbers whole and knows lower-case contractions",
        arguments: [
            ("", []),
            ("Hello world", ["Hello", " world"]),
            ("don't WE'LL it's", ["don", "'t", " WE", "'", "LL", " it", "'s"]),
            ("'s're've'm'll'd't", ["'s", "'re", "'ve", "'m", "'ll", "'d", "'t"]),
            ("'r 'l", ["'", "r", " '", "l"]),
            ("a  b", ["a", " ", " b"]),
            ("a \n b  ", ["a", " \n", " b", "  "]),
            ("a\tb", ["a", "\t", "b"]),
            ("x 12345 3.14", ["x", " 12345", " 3", ".", "14"]),
            ("naïve日本 ...!?", ["naïve日本", " ...!?"]),
            ("a\u{301}b", ["a", "\u{301}", "b"]),
            ("\u{a0}a\u{3000}", ["\u{a0}", "a", "\u{3000}"]),
        ] as [(String, [String])])
    func gpt2(text: String, expected: [String]) {
        expectSplit(text, by: .gpt2, expected)
    }

    @Test(
        "SmolLM sets every number character apart, and white space before it stays whole",
        arguments: [
            ("x 12345", ["x", " ", "1", "2", "3", "4", "5"]),
            ("a  1 b", ["a", "  ", "1", " b"]),
            ("٣Ⅷ½x", ["٣", "Ⅷ", "½", "x"]),
            ("don't", ["don", "'t"]),
        ] as [(String, [String])])
    func smolLM(text: String, expected: [String]) {
        expectSplit(text, by: .smolLM, expected)
    }

    @Test(
        "Qwen2's pattern takes one mark along with letters and line breaks along with marks",
        arguments: [
            ("Hello world", ["Hello", " world"]),
            ("don't WE'LL it'S", ["don", "'t", " WE", "'LL", " it", "'S"]),
            ("'ſ 'ſa", ["'ſ", " '", "ſa"]),
            ("'", ["'"]),
            ("'re'RE'vE'l", ["'re", "'RE", "'vE", "'l"]),
            ("(a) \"b\"", ["(a", ")", " \"", "b", "\""]),
            ("x 123", ["x", " ", "1", "2", "3"]),
            ("...\r\n\nx", ["...\r\n\n", "x"]),
            ("a \n\n  b", ["a", " \n\n", " ", " b"]),
            ("  \n  x", ["  \n", " ", " x"]),
            ("\n \t", ["\n", " \t"]),
            ("a\t\tb", ["a", "\t", "\tb"]),
            ("a\u{301}b", ["a", "\u{301}b"]),
            ("a \u{3000}\u{3000}1", ["a", " \u{3000}", "\u{3000}", "1"]),
            ("👩‍👩 🚀🚀", ["👩‍👩", " 🚀🚀"]),
            ("\u{85}\u{2028}", ["\u{85}\u{2028}"]),
        ] as [(String, [String])])
    func qwen2(text: String, expected: [String]) {
        expectSplit(text, by: .qwen2, expected)
    }

    @Test(
        "Llama-3's pattern takes numbers in threes",
        arguments: [
            ("x 1234567", ["x", " ", "123", "456", "7"]),
            ("12 ٣٤٥٦", ["12", " ", "٣٤٥", "٦"]),
            ("I'M", ["I", "'M"]),
        ] as [(String, [String])])
    func llama3(text: String, expected: [String]) {
        expectSplit(text, by: .llama3, expected)
    }

    private func expectSplit(_ text: String, by preTokenizer: PreTokenizer, _ expected: [String]) {
        let bytes = Array(text.utf8)
        let ranges = preTokenizer.preTokens(of: ClassifiedText(bytes), in: 0..<bytes.count)
        let pieces = ranges.map { Array(bytes[$0]) }
        #expect(pieces == expected.map { Array($0.utf8) }, "\(pieces.map { String(decoding: $0, as: UTF8.self) })")
    }
}
