/// Decodes tokens as they arrive, holding back the bytes of a scalar that is not complete.
///
/// The pieces, `finish()` included, joined are `Tokenizer.decode(_:skipControlTokens:)` of all the tokens. A piece may end
/// within a cluster of scalars that readers take for one character (a flag, a letter and its accent).
package struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipControlTokens: Bool
    /// Fewer than four bytes: the beginning of a scalar.
    private var pending: [UInt8] = []

    /// - Parameter skipControlTokens: whether tokens like `<|im_end|>` are left out of the text.
    package init(_ tokenizer: Tokenizer, skipControlTokens: Bool) {
        self.tokenizer = tokenizer
        self.skipControlTokens = skipControlTokens
    }

    /// The text that is complete with this token; perhaps empty.
    package mutating func append(_ identifier: TokenID) -> String {
        guard !(skipControlTokens && tokenizer.isControlToken(identifier)) else { return "" }
        pending.append(contentsOf: tokenizer.vocabulary.bytes(of: identifier))
        let incomplete = Self.incompleteSuffixLength(of: pending)
        defer { pending.removeFirst(pending.count - incomplete) }
        return String(decoding: pending.dropLast(incomplete), as: UTF8.self)
    }

    /// What was held back, repaired. The decoder is then as new.
    package mutating func finish() -> String {
        defer { pending = [] }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end begin a scalar that more bytes could complete (Unicode, table 3-7).
    private static func incompleteSuffixLength(of bytes: [UInt8]) -> Int {
        for length in 1...3 where length <= bytes.count {
            let suffix = bytes.suffix(length)
            guard let lead = suffix.first, !UTF8.isContinuation(lead) else { continue }
            let needed = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
            guard (0xC2...0xF4).contains(lead), length < needed else { return 0 }
            guard let second = suffix.dropFirst().first else { return length }
            let allowed: ClosedRange<UInt8> =
                switch lead {
                case 0xE0: 0xA0...0xBF
                case 0xED: 0x80...0x9F
                case 0xF0: 0x90...0xBF
                case 0xF4: 0x80...0x8F
                default: 0x80...0xBF
                }
            return allowed.contains(second) ? length : 0
        }
        return 0
    }
}
