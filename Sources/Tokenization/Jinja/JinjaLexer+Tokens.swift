/// The tokens inside tags.
extension JinjaLexer {
    /// Adds the token that stands here, and returns it.
    mutating func nextToken(closing: String) throws(ChatTemplateError) -> JinjaToken.Kind {
        guard position < source.count else {
            throw .syntax(line: line, found: "the end of the template", expected: "'\(closing)'")
        }
        let kind: JinjaToken.Kind
        let byte = source[position]
        let start = position
        let startLine = line
        var end = position
        if byte.isIdentifierByte, !byte.isDigit {
            end = source[position...].firstIndex { !$0.isIdentifierByte } ?? source.count
            kind = .name(String(decoding: source[position..<end], as: UTF8.self))
        } else if byte.isDigit {
            (kind, end) = try integer()
        } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
            (kind, end) = try string()
        } else if let symbol = JinjaSymbol.allCases.first(where: { looksAt($0.rawValue) }) {
            kind = .symbol(symbol)
            end = position + symbol.rawValue.utf8.count
        } else {
            throw .syntax(line: startLine, found: "a character outside Jinja's alphabet", expected: "an expression")
        }
        precondition(end > start, "a token of no characters")
        append(kind)
        advance(to: end)
        return kind
    }

    private func integer() throws(ChatTemplateError) -> (kind: JinjaToken.Kind, end: Int) {
        var end = source[position...].firstIndex { !$0.isIdentifierByte } ?? source.count
        if end + 1 < source.count, source[end] == UInt8(ascii: "."), source[end + 1].isDigit {
            end = source[(end + 1)...].firstIndex { !$0.isIdentifierByte } ?? source.count
        }
        let literal = String(decoding: source[position..<end], as: UTF8.self)
        let hasLeadingZero = literal.hasPrefix("0") && literal.contains { $0 != "0" }
        guard source[position..<end].allSatisfy(\.isDigit), !hasLeadingZero, let value = Int(literal) else {
            throw .unsupported(line: line, construct: "the number '\(literal)'")
        }
        return (.integer(value), end)
    }

    /// A string literal with Python's escapes; an unknown escape stands for itself.
    private func string() throws(ChatTemplateError) -> (kind: JinjaToken.Kind, end: Int) {
        let quote = source[position]
        var bytes: [UInt8] = []
        var index = position + 1
        while index < source.count, source[index] != quote {
            if source[index] == UInt8(ascii: "\\"), index + 1 < source.count {
                index = try escape(at: index + 1, into: &bytes)
            } else {
                bytes.append(source[index])
                index += 1
            }
        }
        guard index < source.count else {
            throw .syntax(line: line, found: "an unfinished string", expected: "a closing quote")
        }
        return (.text(bytes), index + 1)
    }

    /// Adds what the escape whose letter stands at `index` means. Returns the offset after it.
    private func escape(at index: Int, into bytes: inout [UInt8]) throws(ChatTemplateError) -> Int {
        let letter = source[index]
        let simple: [UInt8: UInt8] = [
            UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "a"): 0x07,
            UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C, UInt8(ascii: "v"): 0x0B, UInt8(ascii: "\\"): letter,
            UInt8(ascii: "'"): letter, UInt8(ascii: "\""): letter,
        ]
        if let byte = simple[letter] {
            bytes.append(byte)
            return index + 1
        }
        switch letter {
        case .newline:
            return index + 1
        case UInt8(ascii: "x"): return try codePoint(at: index + 1, digits: 2, radix: 16, into: &bytes)
        case UInt8(ascii: "u"): return try codePoint(at: index + 1, digits: 4, radix: 16, into: &bytes)
        case UInt8(ascii: "U"): return try codePoint(at: index + 1, digits: 8, radix: 16, into: &bytes)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            let isOctal = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(byte) }
            let digits = source[index...].prefix(3).prefix(while: isOctal).count
            return try codePoint(at: index, digits: digits, radix: 8, into: &bytes)
        case UInt8(ascii: "N"):
            throw .unsupported(line: line, construct: "the escape '\\N'")
        default:
            bytes.append(UInt8(ascii: "\\"))
            return index
        }
    }

    private func codePoint(at start: Int, digits: Int, radix: Int, into bytes: inout [UInt8]) throws(ChatTemplateError)
        -> Int
    {
        let literal = String(decoding: source[start...].prefix(digits), as: UTF8.self)
        guard literal.utf8.count == digits, let first = literal.utf8.first, first != UInt8(ascii: "+"),
            let value = UInt32(literal, radix: radix), let scalar = Unicode.Scalar(value)
        else {
            throw .syntax(line: line, found: "the escape '\(literal)'", expected: "\(digits) digits of a code point")
        }
        bytes += Array(String(Character(scalar)).utf8)
        return start + digits
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }

    fileprivate var isIdentifierByte: Bool {
        isDigit || self == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self)
            || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
