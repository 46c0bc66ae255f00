import Logging

extension LogLine {
    /// `2026-01-02T03:04:05.006Z info grace-server: message key=value key="two words"`, with a line feed.
    ///
    /// A value that is more than one plain word is quoted and escaped, so that no line can pretend to be another.
    func appendText(to bytes: inout [UInt8]) {
        time.append(to: &bytes)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: level.rawValue.utf8)
        bytes.append(UInt8(ascii: " "))
        bytes.append(contentsOf: label.utf8)
        bytes.append(contentsOf: ": ".utf8)
        EscapedText.append(message, to: &bytes)
        for (key, value) in metadata {
            bytes.append(UInt8(ascii: " "))
            EscapedText.append(key, to: &bytes)
            bytes.append(UInt8(ascii: "="))
            switch value {
            case .string(let text): Self.appendWord(text, to: &bytes)
            case .stringConvertible(let value): Self.appendWord(value.description, to: &bytes)
            case .array, .dictionary: Self.appendWord(value.description, to: &bytes)
            }
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    private static func appendWord(_ text: String, to bytes: inout [UInt8]) {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                    && byte != UInt8(ascii: "=")
            }
        guard !isPlain else {
            bytes.append(contentsOf: text.utf8)
            return
        }
        bytes.append(UInt8(ascii: "\""))
        EscapedText.append(text, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
    }
}

/// Text between quotation marks as JSON writes it (RFC 8259, section 7).
enum EscapedText {
    /// Appends the text: control characters, quotation marks, backslashes, and what some readers take for the end of a line
    /// are escaped; everything else is UTF-8.
    static func append(_ text: String, to bytes: inout [UInt8]) {
        // Most of what is logged needs nothing.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
            bytes.append(contentsOf: text.utf8)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: bytes.append(contentsOf: #"\""#.utf8)
            case 0x5C: bytes.append(contentsOf: #"\\"#.utf8)
            case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
            case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
            case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
            case 0..<0x20, 0x7F..<0xA0, 0x2028, 0x2029:
                let digits = String(scalar.value, radix: 16)
                bytes.append(contentsOf: "\\u".utf8)
                bytes.append(contentsOf: String(repeating: "0", count: 4 - digits.count).utf8)
                bytes.append(contentsOf: digits.utf8)
            case 0x20..<0x7F: bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            default: bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }
}
