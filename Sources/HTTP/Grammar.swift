// The character classes of HTTP and URIs.

extension UInt8 {
    static let horizontalTab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20

    /// SP or HTAB (RFC 9110, section 5.6.3).
    var isWhitespace: Bool { self == .space || self == .horizontalTab }

    /// Any control character but the tab: none may stand inside a line (RFC 9110, section 5.5).
    var isForbiddenControl: Bool { (self < 0x20 && self != .horizontalTab) || self == 0x7F }

    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    var isLetter: Bool { asciiLowercased &- UInt8(ascii: "a") < 26 }

    /// The value of a hexadecimal digit, nil of another character.
    var hexadecimalValue: Int? {
        if isDigit { return Int(self - UInt8(ascii: "0")) }
        let letter = asciiLowercased &- UInt8(ascii: "a")
        return letter < 6 ? Int(letter) + 10 : nil
    }

    var asciiLowercased: UInt8 {
        self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self
    }

    /// `tchar` of RFC 9110, section 5.6.2.
    var isTokenCharacter: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            return true
        default: return false
        }
    }

    /// `unreserved` or `sub-delims` of RFC 3986, section 2: what a host name may hold besides percent-encodings.
    var isNameCharacter: Bool {
        if isLetter || isDigit { return true }
        switch self {
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "!"),
            UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"),
            UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "="):
            return true
        default: return false
        }
    }

    /// What a path or query may hold besides percent-encodings (RFC 3986, sections 3.3 and 3.4).
    var isPathOrQueryCharacter: Bool {
        isNameCharacter || self == UInt8(ascii: ":") || self == UInt8(ascii: "@") || self == UInt8(ascii: "/")
            || self == UInt8(ascii: "?")
    }
}

extension Collection<UInt8> {
    /// Whether the bytes are a non-empty `token` (RFC 9110, section 5.6.2).
    var isToken: Bool { !isEmpty && allSatisfy(\.isTokenCharacter) }

    /// Whether every byte is allowed or belongs to a complete percent-encoding (RFC 3986, section 2.1).
    func isPercentEncoded(allowing isAllowed: (UInt8) -> Bool) -> Bool {
        var iterator = makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard iterator.next()?.hexadecimalValue != nil, iterator.next()?.hexadecimalValue != nil else {
                    return false
                }
            } else if !isAllowed(byte) {
                return false
            }
        }
        return true
    }

    /// The bytes as text: UTF-8 when they are, else one character a byte, since a field value may hold any octet from
    /// 0x80 up (RFC 9110, section 5.5).
    var fieldText: String {
        String(validating: self, as: UTF8.self) ?? String(String.UnicodeScalarView(map { Unicode.Scalar($0) }))
    }

    /// The bytes for an error message: at most 60 of them, printable, in quotation marks.
    var excerpt: String {
        var text = "\""
        for byte in prefix(60) {
            text += byte >= 0x20 && byte < 0x7F ? String(Unicode.Scalar(byte)) : "\\x" + byte.hexadecimalText
        }
        return text + (count > 60 ? "…\"" : "\"")
    }
}

extension UInt8 {
    /// Two hexadecimal digits.
    var hexadecimalText: String {
        let digits = String(self, radix: 16, uppercase: true)
        return digits.utf8.count == 1 ? "0" + digits : digits
    }
}
