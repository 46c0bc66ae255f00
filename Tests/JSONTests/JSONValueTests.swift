import JSON
import Testing

@Suite("JSON values")
struct JSONValueTests {
    private static func parse(_ text: String) throws(JSONError) -> JSONValue {
        try JSONValue(parsing: [UInt8](text.utf8))
    }

    @Test(
        "Values are read",
        arguments: [
            ("null", JSONValue.null), (" true ", .bool(true)), ("false", .bool(false)),
            ("0", .integer(0)), ("-0", .integer(0)), ("-12", .integer(-12)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("1000000000000000019884624838656", .number(1e30)),
            ("1e-05", .number(1e-5)), ("2.0", .number(2)), ("-0.5E+2", .number(-50)), ("1e0", .number(1)),
            (#""""#, .string("")), (#""a\"\\\/\b\f\n\r\tz""#, .string("a\"\\/\u{8}\u{C}\n\r\tz")),
            (#""\u00e9\uD83D\uDE00\u0000""#, .string("é😀\u{0}")), ("\"é😀\u{7F}\"", .string("é😀\u{7F}")),
            ("[]", .array([])), ("[ 1 , [ 2 ] , null ]", .array([.integer(1), .array([.integer(2)]), .null])),
            ("{}", .object([:])),
            (
                "\t{\r\n \"a\" : { \"b\" : [ ] } , \"c\" : 1 }",
                .object(["a": .object(["b": .array([])]), "c": .integer(1)])
            ),
        ])
    func accepted(text: String, value: JSONValue) throws {
        #expect(try Self.parse(text) == value)
    }

    @Test(
        "What is not JSON is refused, with the byte at which it is not",
        arguments: [
            ("", 0, "a value"), ("  ", 2, "a value"), ("nul", 3, "'null'"), ("True", 0, "a value"),
            ("NaN", 0, "a value"), ("+1", 0, "a value"), ("\u{FEFF}1", 0, "a value"),
            ("1 2", 2, "the end of the document"),
            ("01", 0, "a number without leading zeros"), ("-", 1, "a digit"), ("1.", 2, "a digit"),
            (".5", 0, "a value"),
            ("1e", 2, "a digit"), ("1e+", 3, "a digit"), ("1e400", 0, "a number that a Double holds"),
            ("[1,]", 3, "a value"), ("[1", 2, "',' or ']'"), ("[1 2]", 3, "',' or ']'"),
            ("{\"a\":1,}", 7, "a key"), ("{\"a\" 1}", 5, "':'"), ("{a:1}", 1, "a key"), ("{\"a\":1", 6, "',' or '}'"),
            ("\"a", 2, "'\"'"), ("\"\n\"", 1, "a control character to be escaped"),
            (#""\x""#, 2, #"one of "\/bfnrtu after a backslash"#), (#""\"#, 2, "an escape sequence"),
            (#""\u12g4""#, 5, "a hexadecimal digit"), (#""\uDE00""#, 3, "a surrogate to be one of a pair"),
            (#""\uD83D""#, 3, "a surrogate to be one of a pair"), (#""\uD83Dx""#, 3, "a surrogate to be one of a pair"),
            (#""\uD83D\u0041""#, 3, "a surrogate to be one of a pair"),
        ])
    func refused(text: String, offset: Int, expected: String) {
        #expect(throws: JSONError.invalid(offset: offset, expected: expected)) {
            try Self.parse(text)
        }
    }

    @Test(
        "A key that occurs twice is refused, however deep and however written",
        arguments: [#"{"a":1,"a":1}"#, #"[{"b":{"a":1,"\u0061":2}}]"#])
    func duplicateKeys(text: String) {
        #expect(throws: JSONError.duplicateKey("a")) { try Self.parse(text) }
    }

    @Test("Bytes that are not UTF-8 are refused in values and keys")
    func invalidUTF8() {
        for bytes in [[0x22, 0xFF, 0x22], [0x7B, 0x22, 0xC3, 0x22, 0x3A, 0x31, 0x7D]] as [[UInt8]] {
            #expect(throws: JSONError.invalidUTF8(offset: bytes[0] == 0x7B ? 1 : 0)) {
                try JSONValue(parsing: bytes)
            }
        }
    }

    @Test("Nesting is allowed to a limit, whatever nests")
    func nesting() throws {
        let deepest = String(repeating: "[", count: 128) + "1" + String(repeating: "]", count: 128)
        _ = try Self.parse(deepest)
        for opening in ["[", "{\"a\":"] {
            let offset = 129 * opening.utf8.count
            #expect(throws: JSONError.nestedTooDeeply(offset: offset, limit: 128)) {
                try Self.parse(String(repeating: opening, count: 100_000))
            }
        }
    }
}
