/// GPT-2's reversible spelling of bytes as printable characters, in which byte-level vocabularies are written.
///
/// Printable Latin-1 bytes spell themselves; the others, in ascending order, are U+0100, U+0101, … (a space is "Ġ").
enum ByteLevelAlphabet {
    /// The scalar value that spells each byte.
    private static let scalarValues: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256).map { (byte: UInt32) in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return byte
            default:
                defer { next += 1 }
                return next
            }
        }
    }()

    /// The byte that each scalar value spells, where one does.
    private static let bytes: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x100 + 256)
        for (byte, value) in scalarValues.enumerated() {
            bytes[Int(value)] = UInt8(byte)
        }
        return bytes
    }()

    /// The character that spells a byte.
    static func spelling(of byte: UInt8) -> String {
        Unicode.Scalar(scalarValues[Int(byte)]).map { String($0) } ?? ""
    }

    /// Appends the bytes that a spelling stands for.
    ///
    /// - Returns: False, with nothing appended, if a character is outside the alphabet.
    static func appendBytes(spelledBy spelling: String, to result: inout [UInt8]) -> Bool {
        let start = result.count
        for scalar in spelling.unicodeScalars {
            guard scalar.value < bytes.count, let byte = bytes[Int(scalar.value)] else {
                result.removeSubrange(start...)
                return false
            }
            result.append(byte)
        }
        return true
    }
}
