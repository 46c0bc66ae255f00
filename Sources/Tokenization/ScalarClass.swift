/// What the pre-tokenizers' patterns ask of a scalar, for each byte of a text.
enum ScalarClass: UInt8 {
    /// `\p{L}`
    case letter
    /// `\p{N}`
    case number
    /// `[\r\n]`
    case newline
    /// U+0020 alone: the patterns' " ?".
    case space
    /// The rest of `\s`, which is Unicode's White_Space.
    case whitespace
    /// `[^\s\p{L}\p{N}]`
    case symbol
    /// No scalar begins at this byte.
    case continuation

    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber:
            self = .number
        default:
            switch scalar {
            case "\r", "\n": self = .newline
            case " ": self = .space
            default: self = scalar.properties.isWhitespace ? .whitespace : .symbol
            }
        }
    }

    /// Looking a category up is slow, so that of the basic plane, where nearly all text is, is kept.
    private static let basicPlane: [ScalarClass] = (0..<0x10000).map { (value: UInt32) in
        Unicode.Scalar(value).map(ScalarClass.init) ?? .symbol
    }

    /// The class of each byte of valid UTF-8: a scalar's at its first byte, `continuation` at the others.
    static func classes(of bytes: [UInt8]) -> [ScalarClass] {
        let basicPlane = basicPlane
        var classes = [ScalarClass](repeating: .continuation, count: bytes.count)
        var offset = 0
        while offset < bytes.count {
            if bytes[offset] < 0x80 {
                classes[offset] = basicPlane[Int(bytes[offset])]
                offset += 1
            } else {
                let (scalar, end) = scalar(in: bytes, at: offset)
                classes[offset] = scalar.value < 0x10000 ? basicPlane[Int(scalar.value)] : ScalarClass(scalar)
                offset = end
            }
        }
        return classes
    }
}
