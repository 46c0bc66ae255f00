import BulkEmbedding
import Datasets
import JSON
import TestSupport
import Testing

@Suite("Texts of lines")
struct TextLineParserTests {
    private func text(
        in line: String, _ format: TextFormat = .jsonl, reserved: Set<String> = []
    ) throws -> TextLine? {
        try text(in: Array(line.utf8), format, reserved: reserved)
    }

    private func text(
        in line: [UInt8], _ format: TextFormat, reserved: Set<String> = [], limit: Int = 1 << 20
    ) throws -> TextLine? {
        var splitter = LineSplitter(limit: limit)
        let line = try #require((splitter.split(line + [0x0A])).first)
        return try TextLineParser(format: format, lineLimit: limit, reservedKeys: reserved).text(in: line)
    }

    @Test("A plain line is its text, whatever it looks like", arguments: ["a", " a b ", "{\"text\": 1}", "熟能生巧 🐈"])
    func plain(line: String) throws {
        #expect(try text(in: line, .lines) == TextLine(number: 1, text: line))
    }

    @Test("An object gives its text, its id, and all else as it is")
    func object() throws {
        let line = try text(in: #"{"id": 7, "text": "a\nb", "tags": ["x", null], "score": 0.5}"#)
        #expect(
            line
                == TextLine(
                    number: 1, text: "a\nb", id: .integer(7),
                    others: ["tags": .array([.string("x"), .null]), "score": .number(0.5)]))
        #expect(try text(in: #"{"text": "a", "id": "seven"}"#)?.id == .string("seven"))
        #expect(try text(in: #"{"text": "a", "id": null}"#) == TextLine(number: 1, text: "a"))
    }

    @Test("Between objects there may be nothing; a plain line without a text is refused", arguments: ["", "  ", "\t"])
    func blank(line: String) throws {
        #expect(try text(in: line) == nil)
        #expect(throws: TextRefusal.line(.emptyText(.text))) { try text(in: line, .lines) }
    }

    @Test(
        "What holds no text is refused, with what was found",
        arguments: [
            (#"{"txt": "a"}"#, TextRefusal.line(.missingKey("text")), "key \"text\" is missing"),
            (#"{"text": null}"#, .line(.missingKey("text")), "key \"text\" is missing"),
            (#"{"text": 1}"#, .line(.wrongType(key: "text", found: "1")), "\"text\": expected a string, found 1"),
            (#"{"text": " "}"#, .line(.emptyText(.text)), "\"text\" is empty"),
            (#"{"text": "\u0000"}"#, .line(.nullCharacter(.text)), "\"text\" holds the character U+0000"),
            (#"["a"]"#, .line(.notAnObject(found: "an array of 1")), "expected a JSON object, found an array of 1"),
            (
                #"{"text": "a", "id": 1.5}"#, .wrongID(found: "1.5"),
                "\"id\": expected a string or a whole number, found 1.5"
            ),
            (
                #"{"text": "a", "embedding": []}"#, .reservedKey("embedding"),
                "key \"embedding\" is one that the output gives a meaning"
            ),
        ])
    func refused(line: String, refusal: TextRefusal, message: String) {
        #expect(throws: refusal) { try text(in: line, reserved: ["embedding", "line"]) }
        #expect("\(refusal)" == message)
    }

    @Test("What is not UTF-8, not JSON, too long or too many values is refused")
    func bytes() {
        #expect(throws: TextRefusal.line(.notUTF8)) { try text(in: [0x61, 0xFF], .lines) }
        #expect(throws: TextRefusal.line(.notUTF8)) {
            try text(in: Array(#"{"text": ""#.utf8) + [0xFF, 0x22, 0x7D], .jsonl)
        }
        #expect(throws: TextRefusal.line(.json(.invalid(offset: 1, expected: "a key")))) { try text(in: "{") }
        #expect(throws: TextRefusal.line(.tooLong(limit: 3))) { try text(in: Array("abcd".utf8), .lines, limit: 3) }
        let many = #"{"text": "a", "numbers": ["# + String(repeating: "1,", count: 5000) + "1]}"
        #expect(throws: TextRefusal.self) { try text(in: many) }
    }

    @Test("Damaged lines are read or refused, and what is read has a text")
    func fuzz() {
        var mutator = Mutator(seed: 3)
        let line = Array(#"{"id": "x-1", "text": "Some text, é", "n": [1, 2.5, {"a": null}]}"#.utf8)
        for _ in 0..<5000 {
            do {
                if let found = try text(in: mutator.mutate(line).filter { $0 != 0x0A }, .jsonl) {
                    #expect(!found.text.isEmpty)
                }
            } catch {
                #expect(error is TextRefusal)
            }
        }
    }
}
