/// A recursive-descent parser of JSON (RFC 8259).
///
/// Foundation's decoder keeps one of several equal keys without a word; what two programs then read from one file
/// differs. Safetensors forbids such headers, so keys are checked here, in the only pass over the text.
struct JSONParser {
    /// How deep arrays and objects may nest; each level is a stack frame.
    static let depthLimit = 128

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    private let bytes: [UInt8]
    private let valueLimit: Int
    private var position = 0
    private var valueCount = 0

    init(bytes: [UInt8], valueLimit: Int) {
        self.bytes = bytes
        self.valueLimit = valueLimit
    }

    mutating func document() throws(JSONError) -> JSONValue {
        let value = try value(depth: 0)
        skipWhiteSpace()
        guard position == bytes.count else { throw unexpected("the end of the document") }
        return value
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.depthLimit else {
            throw .nestedTooDeeply(offset: position, limit: Self.depthLimit)
        }
        skipWhiteSpace()
        valueCount += 1
        guard valueCount <= valueLimit else { throw .tooManyValues(offset: position, limit: valueLimit) }
        switch peek {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        case UInt8(ascii: "-"): return try number()
        case .some(let byte) where Self.digits.contains(byte): return try number()
        default: throw unexpected("a value")
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        position += 1
        skipWhiteSpace()
        if consume("}") { return members }
        repeat {
            skipWhiteSpace()
            guard peek == UInt8(ascii: "\"") else { throw unexpected("a key") }
            let key = try string()
            skipWhiteSpace()
            guard consume(":") else { throw unexpected("':'") }
            guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw .duplicateKey(key)
            }
            skipWhiteSpace()
        } while consume(",")
        guard consume("}") else { throw unexpected("',' or '}'") }
        return members
    }

    private mutating func array(depth: Int) throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        skipWhiteSpace()
        if consume("]") { return elements }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipWhiteSpace()
        } while consume(",")
        guard consume("]") else { throw unexpected("',' or ']'") }
        return elements
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in word.description.utf8 {
            guard peek == byte else { throw unexpected("'\(word)'") }
            position += 1
        }
        return value
    }

    // MARK: Numbers (RFC 8259 section 6)

    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        _ = consume("-")
        let leadingZero = peek == UInt8(ascii: "0")
        let digitCount = try digits()
        guard !leadingZero || digitCount == 1 else {
            position = start
            throw unexpected("a number without leading zeros")
        }
        var isInteger = true
        if consume(".") {
            isInteger = false
            _ = try digits()
        }
        if consume("e") || consume("E") {
            isInteger = false
            if !consume("+") { _ = consume("-") }
            _ = try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            position = start
            throw unexpected("a number that a Double holds")
        }
        return .number(number)
    }

    private mutating func digits() throws(JSONError) -> Int {
        let start = position
        while let byte = peek, Self.digits.contains(byte) { position += 1 }
        guard position > start else { throw unexpected("a digit") }
        return position - start
    }

    // MARK: Strings (RFC 8259 section 7)

    private mutating func string() throws(JSONError) -> String {
        let start = position
        position += 1
        var content: [UInt8] = []
        var runStart = position
        while true {
            guard let byte = peek else { throw unexpected("'\"'") }
            if byte == UInt8(ascii: "\"") { break }
            guard byte >= 0x20 else { throw unexpected("a control character to be escaped") }
            if byte == UInt8(ascii: "\\") {
                content += bytes[runStart..<position]
                position += 1
                content += try escape()
                runStart = position
            } else {
                position += 1
            }
        }
        content += bytes[runStart..<position]
        position += 1
        guard let text = String(validating: content, as: UTF8.self) else {
            throw .invalidUTF8(offset: start)
        }
        return text
    }

    /// The UTF-8 of the escape sequence whose backslash has been read.
    private mutating func escape() throws(JSONError) -> [UInt8] {
        guard let byte = peek else { throw unexpected("an escape sequence") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return try escapedScalar()
        default:
            position -= 1
            throw unexpected("one of \"\\/bfnrtu after a backslash")
        }
    }

    private mutating func escapedScalar() throws(JSONError) -> [UInt8] {
        let start = position
        let first = try fourHexadecimalDigits()
        var code = first
        if UTF16.isLeadSurrogate(UInt16(first)), consume("\\"), consume("u") {
            let second = try fourHexadecimalDigits()
            if UTF16.isTrailSurrogate(UInt16(second)) {
                code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
        }
        guard let scalar = Unicode.Scalar(code) else {
            position = start
            throw unexpected("a surrogate to be one of a pair")
        }
        return [UInt8](String(scalar).utf8)
    }

    private mutating func fourHexadecimalDigits() throws(JSONError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw unexpected("a hexadecimal digit")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }

    // MARK: Bytes

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func consume(_ character: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipWhiteSpace() {
        while let byte = peek, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: String) -> JSONError {
        .invalid(offset: position, expected: expected)
    }
}
