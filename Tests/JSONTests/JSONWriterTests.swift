import JSON
import Testing

@Suite("JSON writer")
struct JSONWriterTests {
    private func written(_ write: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("Commas stand between members and elements, and nowhere else")
    func structure() {
        let text = written { writer in
            writer.object { writer in
                writer.key("empty")
                writer.array { _ in }
                writer.key("list")
                writer.array { writer in
                    writer.integer(-1)
                    writer.object { _ in }
                    writer.array { $0.null() }
                    writer.bool(true)
                    writer.plainString(Array("AB+/=".utf8))
                }
                writer.key("numbers")
                writer.numbers([1, -0.25])
                writer.key("last")
                writer.bool(false)
            }
        }
        #expect(text == #"{"empty":[],"list":[-1,{},[null],true,"AB+/="],"numbers":[1.0,-0.25],"last":false}"#)
    }

    @Test(
        "Strings are escaped where they must be, and read back as they were",
        arguments: [
            ("", #""""#), ("a/b", #""a/b""#), ("\"\\", #""\"\\""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{1F}\u{7F}", "\"\\u0000\\u001f\u{7F}\""), ("é😀\u{2028}", "\"é😀\u{2028}\""),
        ])
    func strings(text: String, expected: String) throws {
        let json = written { $0.string(text) }
        #expect(json == expected)
        #expect(try JSONValue(parsing: Array(json.utf8)) == .string(text))
        let key = written { writer in
            writer.object { writer in
                writer.key(text)
                writer.null()
            }
        }
        #expect(try JSONValue(parsing: Array(key.utf8)) == .object([text: .null]))
    }

    @Test("Any value is written as it reads back, members in the order of their keys")
    func values() throws {
        let value = JSONValue.object([
            "b": .array([.integer(.min), .number(1e-7), .number(1e300), .bool(true), .null]),
            "a": .object(["z": .string("\"")]),
        ])
        let text = written { $0.value(value) }
        #expect(text.hasPrefix(#"{"a":{"z":"\""},"b":["#))
        #expect(try JSONValue(parsing: Array(text.utf8)) == value)
    }

    @Test("A number is the shortest that reads back to the same float32, and null where it is none")
    func numbers() {
        var generator = SystemRandomNumberGenerator()
        let found = (0..<10_000).map { _ in Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator)) }
        let usual = (0..<20_000).map { _ in Float.random(in: -1...1, using: &generator) }
        let round = (1...9999).flatMap { [Float($0) / 1000, Float($0) / 8, Float($0)] }
        let powers = (-14...24).flatMap { exponent in
            let power = Float(sign: .plus, exponent: exponent, significand: 1)
            return [power, power.nextUp, power.nextDown, -power]
        }
        let edges: [Float] = [
            0, -0.0, 1, 0.1, -0.1, 1e-5, 123456, 16_777_216, 1e10, .leastNonzeroMagnitude, .leastNormalMagnitude,
            .greatestFiniteMagnitude, 0.3, 1 / 3, 9.999999e-5, 0.0001, 100, 1e16,
        ]
        for value in edges + found + usual + round + powers where value.isFinite {
            let text = written { $0.number(value) }
            #expect(Float(text)?.bitPattern == value.bitPattern, "\(text)")
            #expect(text.utf8.count <= value.description.utf8.count, "\(text) for \(value)")
        }
        #expect(written { $0.number(Float.nan) } == "null")
        #expect(written { $0.number(-Float.infinity) } == "null")
        #expect(written { $0.number(Double.infinity) } == "null")
    }
}

@Suite("Indented JSON")
struct IndentedJSONTests {
    @Test(
        "Members have lines of their own, and nothing changes in what is read",
        arguments: [
            ("{}", "{}\n"), ("[]", "[]\n"), ("1", "1\n"), (#"{"a":1}"#, "{\n  \"a\": 1\n}\n"),
            (
                #"{"a":{},"b":[1,2,[]],"c":{"d":null}}"#,
                "{\n  \"a\": {},\n  \"b\": [1, 2, []],\n  \"c\": {\n    \"d\": null\n  }\n}\n"
            ),
            (#"[{"a":1},{"b":2}]"#, "[{\n  \"a\": 1\n}, {\n  \"b\": 2\n}]\n"),
            (#"{"{,\":[}\\":"\\\"{a:1,b}\\"}"#, "{\n  \"{,\\\":[}\\\\\": \"\\\\\\\"{a:1,b}\\\\\"\n}\n"),
        ])
    func layout(compact: String, indented: String) throws {
        let value = try JSONValue(parsing: Array(compact.utf8))
        var writer = JSONWriter()
        writer.value(value)
        #expect(String(decoding: writer.bytes, as: UTF8.self) == compact)
        #expect(String(decoding: writer.indented, as: UTF8.self) == indented)
        #expect(try JSONValue(parsing: writer.indented) == value)
    }
}
