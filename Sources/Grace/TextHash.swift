/// FNV-1a with 64 bits over the UTF-8 of texts: the same in every process, on every machine.
package struct TextHash: Sendable {
    /// The hash of what was added so far.
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash, folded to 53 bits, the most that every JSON reader keeps exactly: a seed.
    package var seed: UInt64 { (value >> 53) ^ (value & (1 << 53 - 1)) }

    /// The hash of nothing.
    package init() {}

    /// The hash of a text.
    package init(_ text: String) {
        add(text)
    }

    /// Adds a text; where one ends and the next begins does not count.
    package mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
    }

    /// Adds a byte.
    package mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
}
