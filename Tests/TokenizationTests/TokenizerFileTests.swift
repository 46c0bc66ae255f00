import Foundation
import Testing
import Tokenization

/// A `tokenizer.json` of bytes and a few merges, as text to alter.
enum SampleFile {
    static let text: String = {
        let bytes = (UInt8.min...UInt8.max).map { byte -> String in
            let spelling = String(ByteVocabulary.character(of: byte))
            return "\(spelling == "\"" || spelling == "\\" ? "\"\\\(spelling)\"" : "\"\(spelling)\""): \(byte)"
        }
        return """
            {"version": "1.0", "truncation": null, "padding": null,
             "added_tokens": [{"id": 259, "content": "<|end|>", "single_word": false, "lstrip": false, "rstrip": false,
                               "normalized": false, "special": true},
                              {"id": 260, "content": "<think>", "normalized": false, "special": false}],
             "normalizer": {"type": "NFC"},
             "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Digits", "individual_digits": true},
                {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
             "post_processor": {"type": "TemplateProcessing"},
             "decoder": {"type": "ByteLevel", "add_prefix_space": true},
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
                       "end_of_word_suffix": null, "byte_fallback": false, "ignore_merges": false,
                       "vocab": {\(bytes.joined(separator: ", ")), "Ġa": 256, "bc": 257, "Ġabc": 258},
                       "merges": ["Ġ a", "b c", "Ġa bc"]}}
            """
    }()
}

@Suite struct TokenizerFileTests {
    @Test(
        "Merges are read as strings and as pairs",
        arguments: [#""merges": ["Ġ a", "b c", "Ġa bc"]"#, #""merges": [["Ġ","a"], ["b","c"], ["Ġa","bc"]]"#])
    func merges(merges: String) throws {
        let tokenizer = try load(replacing: #""merges": ["Ġ a", "b c", "Ġa bc"]"#, with: merges)
        #expect(tokenizer.encode("bc abc 1<|end|><think>", controlTokens: .recognised) == [257, 258, 32, 49, 259, 260])
        #expect(tokenizer.vocabularySize == 261)
        #expect(tokenizer.isControlToken(259))
        #expect(!tokenizer.isControlToken(260))
    }

    @Test("No merges, added tokens or normaliser are needed")
    func minimal() throws {
        let tokenizer = try load(replacing: #"["Ġ a", "b c", "Ġa bc"]"#, with: "[]")
        #expect(tokenizer.encode("bc e\u{301}", controlTokens: .asText) == [98, 99, 32, 195, 169])
        let plain = try load(replacing: #""normalizer": {"type": "NFC"},"#, with: "")
        #expect(plain.encode("e\u{301}", controlTokens: .asText) == [101, 204, 129])
        let empty = try load(
            replacing: #""normalizer": {"type": "NFC"}"#,
            with: #""normalizer": {"type": "Sequence", "normalizers": []}"#)
        #expect(empty.encode("e\u{301}", controlTokens: .asText) == [101, 204, 129])
    }

    @Test(
        "The published pre-tokenizers are recognised",
        arguments: [
            (samplePreTokenizer, [" ", "7", "7", "7", "7", "\n\n"]),
            (
                #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#,
                [" ", "77", "77", "\n\n"]
            ),
            (split(numbers: #"\\p{N}"#), [" ", "7", "7", "7", "7", "\n\n"]),
            (split(numbers: #"\\p{N}{1,3}"#), [" ", "77", "7", "7", "\n\n"]),
        ] as [(String, [String])])
    func preTokenizers(json: String, expected: [String]) throws {
        var text = try replaced(SampleFile.text, Self.samplePreTokenizer, json)
        text = try replaced(text, #""Ġabc": 258"#, #""Ġabc": 258, "77": 261, "ĊĊ": 262"#)
        text = try replaced(text, #""Ġa bc"]"#, #""Ġa bc", "7 7", "Ċ Ċ"]"#)
        #expect(try Tokenizer(json: Array(text.utf8)).pieces(" 7777\n\n") == expected)
    }

    @Test(
        "What the tokenizer cannot do is refused by name",
        arguments: [
            (
                #""type": "BPE""#, #""type": "Unigram""#,
                .unsupported(key: "model.type", found: "Unigram", expected: "\"BPE\"")
            ),
            (
                #""byte_fallback": false"#, #""byte_fallback": true"#,
                .unsupported(key: "model.byte_fallback", found: "true", expected: "\"false\"")
            ),
            (
                #""dropout": null"#, #""dropout": 0.5"#,
                .unsupported(key: "model.dropout", found: "0.5", expected: "\"0.0\"")
            ),
            (
                #""continuing_subword_prefix": """#, #""continuing_subword_prefix": "@@""#,
                .unsupported(key: "model.continuing_subword_prefix", found: "@@", expected: "\"\"")
            ),
            (
                #""end_of_word_suffix": null"#, #""end_of_word_suffix": "</w>""#,
                .unsupported(key: "model.end_of_word_suffix", found: "</w>", expected: "\"\"")
            ),
            (
                #""type": "NFC""#, #""type": "Lowercase""#,
                .unsupported(key: "normalizer.type", found: "Lowercase", expected: "\"NFC\"")
            ),
            (
                #""decoder": {"type": "ByteLevel""#, #""decoder": {"type": "Metaspace""#,
                .unsupported(key: "decoder.type", found: "Metaspace", expected: "ByteLevel")
            ),
            (
                #""lstrip": false"#, #""lstrip": true"#,
                .unsupported(key: "added_tokens[0].lstrip", found: "true", expected: "\"false\"")
            ),
            (
                #""single_word": false"#, #""single_word": true"#,
                .unsupported(key: "added_tokens[0].single_word", found: "true", expected: "\"false\"")
            ),
            (
                #""add_prefix_space": false"#, #""add_prefix_space": true"#,
                .unsupported(key: "pre_tokenizer.add_prefix_space", found: "true", expected: "false")
            ),
            (
                #""individual_digits": true"#, #""individual_digits": false"#,
                .unsupported(
                    key: "pre_tokenizer",
                    found: "Digits(individual_digits: false), then ByteLevel(use_regex: true)",
                    expected: "the pre-tokenizers of GPT-2, SmolLM, Qwen2 and Llama-3")
            ),
            (
                samplePreTokenizer, #"{"type": "Split", "pattern": {"Regex": "\\s+"}, "behavior": "Isolated"}"#,
                .unsupported(
                    key: "pre_tokenizer", found: #"Split(behavior: Isolated, Regex: \s+)"#,
                    expected: "the pre-tokenizers of GPT-2, SmolLM, Qwen2 and Llama-3")
            ),
        ] as [(String, String, TokenizationError)])
    func unsupported(original: String, replacement: String, expected: TokenizationError) throws {
        let text = try replaced(SampleFile.text, original, replacement)
        #expect(throws: expected) { try Tokenizer(json: Array(text.utf8)) }
    }

    @Test("A token for unknown text matters only if a byte has no token")
    func unknownToken() throws {
        let named = try replaced(SampleFile.text, #""unk_token": null"#, #""unk_token": "<unk>""#)
        #expect(throws: Never.self) { try Tokenizer(json: Array(named.utf8)) }
        let lacking = try replaced(named, #""Ā": 0, "#, "")
        #expect(throws: TokenizationError.unsupported(key: "model.unk_token", found: "<unk>", expected: "\"\"")) {
            try Tokenizer(json: Array(lacking.utf8))
        }
    }

    @Test(
        "Contradictions are refused with both values",
        arguments: [
            (#""bc": 257"#, #""bc": -1"#, .identifierOutOfRange(token: "bc", identifier: -1, limit: 65796)),
            (#""bc": 257"#, #""bc": 65797"#, .identifierOutOfRange(token: "bc", identifier: 65797, limit: 65796)),
            (
                #""id": 259"#, #""id": 99999999"#,
                .identifierOutOfRange(token: "<|end|>", identifier: 99_999_999, limit: 65796)
            ),
            (#""id": 260"#, #""id": 259"#, .duplicateIdentifier(identifier: 259, first: "<|end|>", second: "<think>")),
            (#""id": 260"#, #""id": 257"#, .duplicateIdentifier(identifier: 257, first: "bc", second: "<think>")),
            (#""<think>""#, #""<|end|>""#, .duplicateToken(content: "<|end|>", first: 259, second: 260)),
            (#""<think>""#, #""bc""#, .duplicateToken(content: "bc", first: 257, second: 260)),
            (#""a": 97, "#, "", .missingByteToken(byte: 97)),
            (#""b c""#, #""bc""#, .malformedMerge(index: 1, found: "bc")),
            (#""b c""#, #""b c d""#, .malformedMerge(index: 1, found: "b c d")),
            (#""b c""#, #""b  c""#, .malformedMerge(index: 1, found: "b  c")),
            (#""b c""#, #"" bc""#, .malformedMerge(index: 1, found: " bc")),
            (#""b c""#, #""bc ""#, .malformedMerge(index: 1, found: "bc ")),
            (#""b c""#, #""b d""#, .unknownMergeToken(index: 1, token: "bd")),
            (#""b c""#, #""bb c""#, .unknownMergeToken(index: 1, token: "bb")),
            (#""b c""#, #""b 東""#, .unknownMergeToken(index: 1, token: "東")),
            (#"["Ġ a", "b c", "Ġa bc"]"#, #"[["b"]]"#, .malformedMerge(index: 0, found: "b")),
            (#"["Ġ a", "b c", "Ġa bc"]"#, #"[["b","c","d"]]"#, .malformedMerge(index: 0, found: "b c d")),
        ] as [(String, String, TokenizationError)])
    func contradictions(original: String, replacement: String, expected: TokenizationError) throws {
        let text = try replaced(SampleFile.text, original, replacement)
        #expect(throws: expected) { try Tokenizer(json: Array(text.utf8)) }
    }

    @Test(
        "A missing key or a wrong type is refused with its path",
        arguments: [
            (#""vocab""#, #""vocabulary""#, "model.vocab"),
            (#""bc": 257"#, #""bc": "257""#, "model.vocab.bc"),
            (#""b c""#, "7", "model.merges[1]"),
            (#""Ġ a""#, "7", "model.merges[0]"),
            (#""id": 260, "#, "", "added_tokens[1].id"),
            (#""decoder""#, #""encoder""#, "decoder"),
            (#""pre_tokenizer""#, #""pretokenizer""#, "pre_tokenizer"),
            (#""special": true"#, #""special": 1"#, "added_tokens[0].special"),
        ])
    func wrongShape(original: String, replacement: String, key: String) throws {
        let text = try replaced(SampleFile.text, original, replacement)
        #expect {
            try Tokenizer(json: Array(text.utf8))
        } throws: { error in
            guard case .invalidValue(let found, _)? = error as? TokenizationError else { return false }
            return found == key && "\(error)".hasPrefix("tokenizer.json: \(key): ")
        }
    }

    @Test("What is no JSON is refused", arguments: ["", "{", "\u{0}", String(repeating: "[", count: 100_000)])
    func malformed(text: String) {
        #expect {
            try Tokenizer(json: Array(text.utf8))
        } throws: { error in
            if case .malformedJSON? = error as? TokenizationError { true } else { false }
        }
    }

    /// Foundation does not say where such a number is.
    @Test("An identifier that is no integer is refused", arguments: ["2.5", "1e400", "99999999999999999999"])
    func noInteger(number: String) throws {
        let text = try replaced(SampleFile.text, #""bc": 257"#, #""bc": \#(number)"#)
        #expect(throws: TokenizationError.self) { try Tokenizer(json: Array(text.utf8)) }
    }

    @Test("Messages are one bounded line, whatever the file says")
    func messages() {
        let error = TokenizationError.duplicateToken(
            content: "a\n\u{1b}[31m" + String(repeating: "x", count: 1000), first: 1, second: 2)
        #expect(
            "\(error)"
                == "tokenizer: token \"a  [31m\(String(repeating: "x", count: 153))…\" has two identifiers, 1 and 2")
    }

    private static let samplePreTokenizer = """
        {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": true},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]}
        """

    private static func split(numbers: String) -> String {
        #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "#
            + #""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|"# + numbers
            + #"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "#
            + #""invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}"#
    }

    private func load(replacing original: String, with replacement: String) throws -> Tokenizer {
        try Tokenizer(json: Array(replaced(SampleFile.text, original, replacement).utf8))
    }

    /// The text with one passage replaced, which must be there.
    private func replaced(_ text: String, _ original: String, _ replacement: String) throws -> String {
        let range = try #require(text.range(of: original, options: .literal), "\(original) is not in the sample")
        return text.replacingCharacters(in: range, with: replacement)
    }
}
