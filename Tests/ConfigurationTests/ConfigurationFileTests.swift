import Configuration
import TestSupport
import Testing

@Suite("Configuration file")
struct ConfigurationFileTests {
    private func read(_ text: String) throws(ConfigurationError) -> [ConfigurationFile.Entry] {
        try ConfigurationFile(parsing: Array(text.utf8), path: "f.yaml").entries
    }

    @Test(
        "A value is text, whatever YAML makes of it",
        arguments: [
            ("port: 8080", "8080"), ("port: 0x1F", "0x1F"), ("a: true", "true"), ("a: no", "no"), ("a: 1e3", "1e3"),
            ("a: two words", "two words"), ("a: two words   # a comment", "two words"), ("a: x#y", "x#y"),
            ("a: 127.0.0.1:8081", "127.0.0.1:8081"), ("a: name=5%", "name=5%"), ("a:   b\t", "b"), ("a: -x", "-x"),
            (#"a: "b""#, "b"), (#"a: "b # c" # d"#, "b # c"), (#"a: "\n\t\"\\\/\x41\u00e9\U0001F999""#, "\n\t\"\\/Aé🦙"),
            (#"a: """#, ""), ("a: 'b'", "b"), ("a: 'it''s \\n'", "it's \\n"), ("a: ''", ""), ("a: größe", "größe"),
            ("a: \"null\"", "null"), ("\u{FEFF}a: b", "b"), ("---\na: b", "b"), ("# c\n\n  # d\na: b\r\n", "b"),
            ("a_b-9: c", "c"),
        ])
    func scalars(text: String, value: String) throws {
        let entries = try read(text)
        try #require(entries.count == 1)
        #expect(entries[0].values == [value])
        #expect(!entries[0].isList)
    }

    @Test(
        "Lists are written with dashes or in brackets",
        arguments: [
            ("a:\n  - b\n  - \"c d\"\n", ["b", "c d"]), ("a:\n- b\n# x\n\n- c # d", ["b", "c"]),
            ("a: [b, 'c', \"d\"]", ["b", "c", "d"]),
            ("a: []", []), ("a: [b,]", ["b"]), ("a: [ b=c ] # d", ["b=c"]), ("a: # b\n  - c", ["c"]),
        ])
    func lists(text: String, values: [String]) throws {
        let entries = try read(text)
        try #require(entries.count == 1)
        #expect(entries[0].values == values)
        #expect(entries[0].isList)
    }

    @Test("Keys have their places")
    func places() throws {
        let entries = try read("# first\nport: 1\n\nhost: a\nlist:\n  - b\n")
        #expect(entries.map(\.key) == ["port", "host", "list"])
        #expect(entries.map(\.position.line) == [2, 4, 5])
    }

    @Test("Nothing is nothing", arguments: ["", "\n\n", "# a comment", "---", "---\n# a\n"])
    func empty(text: String) throws {
        #expect(try read(text) == [])
    }

    @Test(
        "What is not read is refused where it stands",
        arguments: [
            ("a", "1:2: expected a colon after 'a'"), ("a:b", "1:3: expected a space after the colon"),
            (": b", "1:1: expected the name of an option, and a colon"),
            (" a: b", "1:2: expected a key at the beginning of the line"),
            ("\ta: b", "1:1: a tab cannot indent a line"), ("a:\n\t- b", "2:1: a tab cannot indent a line"),
            ("a:", "1:1: 'a' has no value; leave the key out, or write \"\""),
            ("a:\nb: c", "1:1: 'a' has no value; leave the key out, or write \"\""),
            ("a: ~", "1:4: expected a value; where '~' is meant, write it in quotation marks"),
            ("a: null # b", "1:4: expected a value; where 'null' is meant, write it in quotation marks"),
            ("a: b: c", "1:5: a value with ': ' must stand in quotation marks"),
            ("a: b:", "1:5: a value with ': ' must stand in quotation marks"),
            ("- a", "1:1: a list needs a key before it"), ("a: b\n- c", "2:1: a list needs a key before it"),
            ("a:\n  - b\n - c", "3:2: expected a dash in column 3, as in the lines before"),
            ("a:\n  - b\n    - c", "3:5: expected a dash in column 3, as in the lines before"),
            ("a:\n  -", "2:4: expected a value after the dash"),
            ("a:\n  - - b", "2:5: a value that begins with '- ' needs quotation marks"),
            ("a:\n  - b: c", "2:6: a value with ': ' must stand in quotation marks"),
            ("a:\n  b: c", "2:3: expected a key at the beginning of the line"),
            ("a: b\n  c", "2:3: expected a key at the beginning of the line"),
            ("a: &x b", "1:4: anchors and aliases are not read; a value that begins so needs quotation marks"),
            ("a: *x", "1:4: anchors and aliases are not read; a value that begins so needs quotation marks"),
            ("a: !!str b", "1:4: tags are not read; a value that begins so needs quotation marks"),
            ("a: |\n  b", "1:4: texts over several lines are not read; write \"…\\n…\" in quotation marks"),
            ("a: {b: c}", "1:4: maps are not read; a value that begins so needs quotation marks"),
            ("a: [[b]]", "1:5: lists in lists are not read; a value that begins so needs quotation marks"),
            ("a: [b", "1:6: expected ',' or ']' in the list, which must end in its line"),
            ("a: [b] c", "1:8: expected the end of the line after the list"),
            ("a: \"b\" c", "1:8: expected the end of the line after the value"),
            ("a: \"b", "1:6: the quotation mark is not closed in its line"),
            ("a: 'b", "1:6: the quotation mark is not closed in its line"),
            ("a: @b", "1:4: a value that begins with '@' needs quotation marks"),
            ("a: %b", "1:4: a value that begins with '%' needs quotation marks"),
            ("%YAML 1.2\n---\na: b", "1:1: expected the name of an option, and a colon"),
            ("a: b\n---\nc: d", "2:1: expected the name of an option, and a colon"),
            ("a: b\u{0}", "1:5: a control character cannot stand here; in quotation marks write \\xNN"),
            (#"a: "\q""#, #"1:5: unknown escape; there are \" \\ \/ \n \t \r \0 \xNN \uNNNN \UNNNNNNNN"#),
            (#"a: "\ud800""#, #"1:5: unknown escape; there are \" \\ \/ \n \t \r \0 \xNN \uNNNN \UNNNNNNNN"#),
            (#"a: "\"#, #"1:5: unknown escape; there are \" \\ \/ \n \t \r \0 \xNN \uNNNN \UNNNNNNNN"#),
            ("a: b\nc: d\na: e", "3:1: 'a' is there twice, first in line 1"),
        ])
    func refused(text: String, message: String) {
        let error = #expect(throws: ConfigurationError.self) { try read(text) }
        #expect(error?.description == "f.yaml:\(message)")
    }

    @Test("A file over the limit is refused before it is read, and one that is not UTF-8")
    func sizes() {
        #expect(throws: ConfigurationError.tooLarge(path: "f", limit: 1_000_000)) {
            try ConfigurationFile(parsing: Array(repeating: UInt8(ascii: "\n"), count: 1_000_001), path: "f")
        }
        #expect(throws: ConfigurationError.notUTF8(path: "f")) {
            try ConfigurationFile(parsing: [UInt8(ascii: "a"), 0xFF], path: "f")
        }
        #expect(throws: ConfigurationError.self) { try ConfigurationFile(path: "/nonexistent/f.yaml") }
        // Endless, were it read to its end.
        #expect(throws: ConfigurationError.tooLarge(path: "/dev/zero", limit: 1_000_000)) {
            try ConfigurationFile(path: "/dev/zero")
        }
    }

    @Test("Whatever bytes a file has, it is read or refused, and what is read is of the text")
    func fuzz() {
        let seeds = [
            "port: 8080\nhost: \"::\"\nmodel-alias:\n  - a=b\n  - 'c=d'\n", "a: [b, \"c\\n\", 'd'] # e\n---\n",
            "a: &x [b]\nc: *x\nd: !!str e\n? [f]\n: g\n", "a: \"\\u00e9\\U0001F999\"\nb: |\n  c\n",
        ].map { Array($0.utf8) }
        var generator = SeededGenerator(seed: 5)
        var readCount = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 0..<6, using: &generator) where !bytes.isEmpty {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes.randomElement(using: &generator) ?? 0, at: place)
                }
            }
            do throws(ConfigurationError) {
                let file = try ConfigurationFile(parsing: bytes, path: "f")
                readCount += 1
                let length = file.entries.reduce(0) {
                    $0 + $1.key.utf8.count + $1.values.reduce(0) { $0 + $1.utf8.count }
                }
                #expect(length <= bytes.count)
            } catch {
                #expect(error.description.hasPrefix("f:"))
            }
        }
        #expect(readCount > 1000)
    }
}
