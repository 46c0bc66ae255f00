/// Writes a JSON document (RFC 8259) from its beginning to its end: the one place that escapes strings.
///
/// Commas are its own matter. That values are nested and keys are given as the grammar asks is its caller's.
package struct JSONWriter: Sendable {
    /// What was written, in UTF-8.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    /// - Parameter capacity: bytes that the document is likely to take.
    package init(reserving capacity: Int = 256) {
        bytes.reserveCapacity(capacity)
    }

    // MARK: Structure

    /// An object; `members` writes keys and values in turn.
    package mutating func object(_ members: (inout JSONWriter) -> Void) {
        open("{")
        members(&self)
        close("}")
    }

    /// An array; `elements` writes values.
    package mutating func array(_ elements: (inout JSONWriter) -> Void) {
        open("[")
        elements(&self)
        close("]")
    }

    /// The key of the value that comes next.
    package mutating func key(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    // MARK: Values

    /// A string.
    package mutating func string(_ text: String) {
        separate()
        quote(text)
    }

    /// A whole number.
    package mutating func integer(_ value: some BinaryInteger) {
        raw(value.description.utf8)
    }

    /// A number, as short as reads back to the same value; null where it is not finite, which JSON has no word for.
    package mutating func number(_ value: Float) {
        // Short strings are kept in place: the standard library's way costs 30 ns a number, and ours cost more.
        raw((value.isFinite ? value.description : "null").utf8)
    }

    /// A number, as short as reads back to the same value; null where it is not finite, which JSON has no word for.
    package mutating func number(_ value: Double) {
        raw((value.isFinite ? value.description : "null").utf8)
    }

    /// true or false.
    package mutating func bool(_ value: Bool) {
        raw((value ? "true" : "false").utf8)
    }

    /// null.
    package mutating func null() {
        raw("null".utf8)
    }

    /// An array of numbers.
    package mutating func numbers(_ values: [Float]) {
        open("[")
        for value in values { number(value) }
        close("]")
    }

    /// A string of characters that need no escape: base64, digits.
    ///
    /// - Precondition: none of them is a quotation mark, a backslash or a control character.
    package mutating func plainString(_ characters: [UInt8]) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: characters)
        bytes.append(UInt8(ascii: "\""))
    }

    /// Any value; members in the order of their keys.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let bool): self.bool(bool)
        case .integer(let integer): self.integer(integer)
        case .number(let number): self.number(number)
        case .string(let string): self.string(string)
        case .array(let elements):
            array { writer in
                for element in elements { writer.value(element) }
            }
        case .object(let members):
            object { writer in
                for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                    writer.key(key)
                    writer.value(member)
                }
            }
        }
    }

    /// A value that was written before.
    ///
    /// - Precondition: the bytes are one JSON document.
    package mutating func document(_ document: [UInt8]) {
        separate()
        bytes.append(contentsOf: document)
    }

    // MARK: Bytes

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        separate()
        bytes.append(UInt8(ascii: bracket))
        needsComma = false
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        needsComma = true
    }

    private mutating func raw(_ text: String.UTF8View) {
        separate()
        bytes.append(contentsOf: text)
    }

    /// RFC 8259, section 7: quotation mark, backslash and control characters must be escaped, nothing else need be.
    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += Array(#"\n"#.utf8)
            case 0x0D: bytes += Array(#"\r"#.utf8)
            case 0x09: bytes += Array(#"\t"#.utf8)
            case ..<0x20:
                bytes += Array((byte < 0x10 ? #"\u000"# : #"\u00"#).utf8) + Array(String(byte, radix: 16).utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
