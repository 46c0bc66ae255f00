import Datasets
import JSON
import TestSupport
import Testing

@Suite("Examples of lines")
struct ExampleParserTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let format: LineFormat
        let line: String
        /// nil for a blank line.
        let example: TrainingExample?

        init(_ format: LineFormat, _ line: String, _ example: TrainingExample?) {
            (self.format, self.line, self.example) = (format, line, example)
        }

        var testDescription: String { "\(format.rawValue): \(line)" }
    }

    static let examples: [Case] = [
        Case(
            .triplets, #"{"query":"q","positive":"p","negative":"n","source":"s"}"#,
            TrainingExample(.triplet(query: "q", positive: "p", negative: "n"), source: "s")),
        Case(
            .triplets, #" { "positive" : "p" , "query" : "q" } "#,
            TrainingExample(.triplet(query: "q", positive: "p", negative: nil))),
        Case(
            .triplets, #"{"query":"q","positive":"p","negative":null,"source":null}"#,
            TrainingExample(.triplet(query: "q", positive: "p", negative: nil))),
        Case(.texts, #"{"text":" a\nb é😀 "}"#, TrainingExample(.text(" a\nb é😀 "))),
        Case(.texts, #"{"text":"a","source":"b"}"#, TrainingExample(.text("a"), source: "b")),
        Case(.lines, "  a text, as it stands ", TrainingExample(.text("  a text, as it stands "))),
        Case(.lines, #"{"text":"a"}"#, TrainingExample(.text(#"{"text":"a"}"#))),
        Case(.lines, "", nil), Case(.lines, " \t ", nil), Case(.triplets, "", nil), Case(.texts, " \r", nil),
    ]

    @Test("A line is read as its format says", arguments: examples)
    func reads(example: Case) throws {
        #expect(try ExampleParser(format: example.format).example(in: Array(example.line.utf8)) == example.example)
    }

    static let refusals: [(LineFormat, [UInt8], LineRefusal)] = [
        (.triplets, Array(#"{"query":"q"}"#.utf8), .missingKey("positive")),
        (.triplets, Array(#"{"query":"q","positive":null}"#.utf8), .missingKey("positive")),
        (.triplets, Array(#"{"query":1,"positive":"p"}"#.utf8), .wrongType(key: "query", found: "1")),
        (
            .triplets, Array(#"{"query":"q","positive":"p","negative":["n"]}"#.utf8),
            .wrongType(key: "negative", found: "an array of 1")
        ),
        (
            .triplets, Array(#"{"query":"q","positive":"p","negatve":"n"}"#.utf8),
            .unknownKey("negatve", allowed: ["query", "positive", "negative", "source"])
        ),
        (.triplets, Array(#"{"query":"q","positive":" \n\u2003"}"#.utf8), .emptyText(.positive)),
        (.triplets, Array(#"{"query":"q","positive":"p","negative":""}"#.utf8), .emptyText(.negative)),
        (.triplets, Array(#"{"query":"a\u0000b","positive":"p"}"#.utf8), .nullCharacter(.query)),
        (.triplets, Array(#"["q","p"]"#.utf8), .notAnObject(found: "an array of 2")),
        (.triplets, Array(#"{"query":"q","query":"q","positive":"p"}"#.utf8), .json(.duplicateKey("query"))),
        (
            .triplets, Array(#"{"query":"q","positive":"p"} x"#.utf8),
            .json(.invalid(offset: 29, expected: "the end of the document"))
        ),
        (.texts, Array(#"{"text":""}"#.utf8), .emptyText(.text)),
        (.texts, Array(#"{"text":"a","split":"train"}"#.utf8), .unknownKey("split", allowed: ["text", "source"])),
        (.texts, Array(#"{"text":""#.utf8) + [0xFF] + Array(#""}"#.utf8), .notUTF8),
        (
            .texts, Array("{\"text\":\"a\u{0}\"}".utf8),
            .json(.invalid(offset: 10, expected: "a control character to be escaped"))
        ),
        (.lines, [0x61, 0xC3, 0x28], .notUTF8), (.lines, [0xFF, 0xFE, 0x61, 0x00], .notUTF8),
        (.lines, [0x61, 0x00], .nullCharacter(.text)), (.lines, Array("\u{A0}\u{2003}".utf8), .emptyText(.text)),
        (
            .texts, Array((#"{"text":["# + String(repeating: "1,", count: 100) + "1]}").utf8),
            .json(.tooManyValues(offset: 133, limit: 64))
        ),
    ]

    @Test("What is no example is refused with the reason", arguments: refusals.indices)
    func refuses(index: Int) {
        let (format, line, refusal) = Self.refusals[index]
        #expect(throws: refusal) { try ExampleParser(format: format).example(in: line) }
        #expect(!refusal.description.contains("\n"))
    }

    @Test("A long key is cut in the message")
    func longKey() throws {
        let line = Array(#"{"\#(String(repeating: "k", count: 100_000))\n":1}"#.utf8)
        let error = #expect(throws: LineRefusal.self) { try ExampleParser(format: .texts).example(in: line) }
        #expect(try #require(error).description.count < 200)
    }

    static let formats: [(String, String, LineFormat?)] = [
        ("a.jsonl", #"{"query":"q","positive":"p"}"#, .triplets), ("a", #"{"positive":"p"}"#, .triplets),
        ("a.json.gz", #"{"text":"t"}"#, .texts), ("a.dat", #" {"text":1}"#, .texts),
        ("a.txt", #"{"text":"t"}"#, .lines), ("a.TXT.GZ", "x", .lines), ("a", "plain words", .lines),
        ("a.jsonl", "plain words", nil), ("a.ndjson", "[1]", nil), ("a", "{plain words", nil), ("a", #"{"id":1}"#, nil),
    ]

    @Test("The name and the first line say which format a file has, or nothing does", arguments: formats.indices)
    func detects(index: Int) {
        let (name, line, format) = Self.formats[index]
        #expect((try? LineFormat(fileName: name, firstLine: Array(line.utf8))) == format)
    }

    @Test("Damaged lines are examples or refused", arguments: LineFormat.allCases)
    func fuzz(format: LineFormat) {
        let seed =
            format == .triplets
            ? #"{"query":"How, exactly?","positive":"Like \u00e9 this.","negative":"é","source":"x"}"#
            : #"{"text":"A text \ud83d\ude00 of é."}"#
        var mutator = Mutator(seed: 1)
        let parser = ExampleParser(format: format)
        var (read, refused) = (0, 0)
        for _ in 0..<(5_000 * fuzzFactor) {
            do throws(LineRefusal) {
                guard let example = try parser.example(in: mutator.mutate(Array(seed.utf8))) else { continue }
                #expect(example.kind == format.kind)
                read += 1
            } catch {
                #expect(error.description.count < 300)
                refused += 1
            }
        }
        #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }
}
