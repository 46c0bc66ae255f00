/// The number formats that float32 numbers are written in.
package enum StoredNumber: String, Sendable, CaseIterable {
    case float32 = "f32"
    case float16 = "f16"
    case bfloat16 = "bf16"

    /// The format that a reader finds.
    package var tensorFormat: TensorFormat {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }

    /// Bytes of a number.
    var byteCount: Int { tensorFormat.bytesPerBlock }

    /// Writes numbers little-endian, each rounded to the nearest, of two as near the even one.
    ///
    /// - Precondition: there are `byteCount` bytes for every number.
    /// - Returns: the place of the first number that is not finite, or becomes infinite in this format; nil if there is none.
    func encode(_ numbers: UnsafeBufferPointer<Float>, into bytes: UnsafeMutableRawBufferPointer) -> Int? {
        precondition(bytes.count == numbers.count * byteCount, "\(bytes.count) bytes for \(numbers.count) numbers")
        // Infinities and what is no number have all bits of the exponent set, and nothing else has.
        var isFinite = true
        switch self {
        case .float32:
            for index in numbers.indices {
                let bits = numbers[index].bitPattern
                isFinite = isFinite && bits & 0x7F80_0000 != 0x7F80_0000
                bytes.storeBytes(of: bits.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
            }
        case .bfloat16:
            for index in numbers.indices {
                let bits = Self.bfloat16Bits(numbers[index])
                isFinite = isFinite && bits & 0x7F80 != 0x7F80
                bytes.storeBytes(of: bits.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
            }
        case .float16:
            for index in numbers.indices {
                let bits = Self.float16Bits(numbers[index])
                isFinite = isFinite && bits & 0x7C00 != 0x7C00
                bytes.storeBytes(of: bits.littleEndian, toByteOffset: 2 * index, as: UInt16.self)
            }
        }
        return isFinite ? nil : numbers.firstIndex { !isStorable($0) }
    }

    private func isStorable(_ number: Float) -> Bool {
        switch self {
        case .float32: number.isFinite
        case .bfloat16: Self.bfloat16Bits(number) & 0x7F80 != 0x7F80
        case .float16: Self.float16Bits(number) & 0x7C00 != 0x7C00
        }
    }

    /// The upper half of the bits, rounded; what is not finite stays so, as an infinity.
    static func bfloat16Bits(_ number: Float) -> UInt16 {
        guard number.isFinite else { return UInt16(truncatingIfNeeded: number.bitPattern >> 16) & 0xFF80 }
        let bits = number.bitPattern
        return UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16)
    }

    /// IEEE 754 binary16; what is not finite stays so, as an infinity.
    ///
    /// Not `Float16(_:)`, which is a call on processors without the instruction.
    static func float16Bits(_ number: Float) -> UInt16 {
        let sign = UInt16(truncatingIfNeeded: number.bitPattern >> 16) & 0x8000
        let magnitude = number.bitPattern & 0x7FFF_FFFF
        let bits: UInt32
        if magnitude >= 0x4780_0000 {
            // 2^16 and beyond.
            bits = 0x7C00
        } else if magnitude < 0x3880_0000 {
            // Below 2^-14 halves are multiples of 2^-24, as floats from 0.5 on are: the addition rounds.
            bits = (Float(bitPattern: magnitude) + 0.5).bitPattern - 0x3F00_0000
        } else {
            // The exponents are 112 apart, the fractions 13 bits; a carry goes on into the exponent, up to infinity.
            bits = (magnitude - 112 << 23 + 0xFFF + (magnitude >> 13 & 1)) >> 13
        }
        return sign | UInt16(truncatingIfNeeded: bits)
    }
}
