/// The formats with blocks of 256 elements (ggml's k-quants): a float16 scale `d` (and `dmin`, of the minimums), and for each
/// group of 16 or 32 elements a scale (and a minimum) of a few bits.
///
/// Products are taken in ggml's order, so that decoded numbers equal those of other readers to the bit.
extension NumberFormats {
    /// Elements of a block of the formats here.
    static let superBlockSize = 256

    /// `q * (d * scale) - dmin * minimum`, two bits in groups of 16.
    package static func decodeQ2_K(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 84) { block, y in
            let d = block.half(at: 80)
            let dmin = block.half(at: 82)
            for group in 0..<16 {
                // A byte has its two bits of four groups, 32 elements apart.
                let (half, quarter, side) = (group / 8, group / 2 % 4, group % 2)
                let scale = d * Float(block[group] & 15)
                let minimum = dmin * Float(block[group] >> 4)
                for j in 0..<16 {
                    let bits = block[16 + half * 32 + side * 16 + j] >> UInt8(2 * quarter) & 3
                    y[group * 16 + j] = scale * Float(bits) - minimum
                }
            }
        }
    }

    /// `(q - 4) * (d * (scale - 32))`, three bits in groups of 16; the third bits are stored apart.
    package static func decodeQ3_K(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 110) { block, y in
            let d = block.half(at: 108)
            for group in 0..<16 {
                let (half, quarter, side) = (group / 8, group / 2 % 4, group % 2)
                // Scales have four low bits in halves of eight bytes, and two high ones in quarters of four.
                let low = block[96 + group % 8] >> UInt8(4 * half) & 15
                let high = block[104 + group % 4] >> UInt8(2 * (group / 4)) & 3
                let scale = d * Float(Int(low | high << 4) - 32)
                for j in 0..<16 {
                    let place = side * 16 + j
                    let bits = block[32 + half * 32 + place] >> UInt8(2 * quarter) & 3
                    let third = block[place] >> UInt8(4 * half + quarter) & 1
                    y[group * 16 + j] = scale * Float(Int(bits | third << 2) - 4)
                }
            }
        }
    }

    /// `q * (d * scale) - dmin * minimum`, four bits in groups of 32.
    package static func decodeQ4_K(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 144) { block, y in
            for group in 0..<8 {
                let (scale, minimum) = sixBitScales(of: block, group)
                for j in 0..<32 {
                    let bits = block[16 + group / 2 * 32 + j] >> UInt8(4 * (group % 2)) & 15
                    y[group * 32 + j] = scale * Float(bits) - minimum
                }
            }
        }
    }

    /// As Q4_K with five bits; the fifth are stored apart.
    package static func decodeQ5_K(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 176) { block, y in
            for group in 0..<8 {
                let (scale, minimum) = sixBitScales(of: block, group)
                for j in 0..<32 {
                    let bits = block[48 + group / 2 * 32 + j] >> UInt8(4 * (group % 2)) & 15
                    let fifth = block[16 + j] >> UInt8(group) & 1
                    y[group * 32 + j] = scale * Float(bits | fifth << 4) - minimum
                }
            }
        }
    }

    /// `(q - 32) * (d * scale)`, six bits in groups of 16 with signed scales; the high two bits are stored apart.
    package static func decodeQ6_K(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 210) { block, y in
            let d = block.half(at: 208)
            for group in 0..<16 {
                let (half, quarter, side) = (group / 8, group / 2 % 4, group % 2)
                let scale = d * Float(Int8(bitPattern: block[192 + group]))
                for j in 0..<16 {
                    let place = side * 16 + j
                    let low = block[half * 64 + quarter % 2 * 32 + place] >> UInt8(4 * (quarter / 2)) & 15
                    let high = block[128 + half * 32 + place] >> UInt8(2 * quarter) & 3
                    y[group * 16 + j] = scale * Float(Int(low | high << 4) - 32)
                }
            }
        }
    }

    /// `d * (scale - 32)` times one of sixteen levels, in groups of 32.
    package static func decodeIQ4_XS(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeSuperBlocks(source, into: output, bytesPerBlock: 136) { block, y in
            let d = block.half(at: 0)
            let highBits = block.littleEndian(UInt16.self, at: 2)
            for group in 0..<8 {
                let low = block[4 + group / 2] >> UInt8(4 * (group % 2)) & 15
                let high = UInt8(truncatingIfNeeded: highBits >> UInt16(2 * group)) & 3
                decodeLevels(
                    block, at: 8 + group * 16, scale: d * Float(Int(low | high << 4) - 32), into: y + group * 32)
            }
        }
    }

    /// `d` times one of sixteen levels, in blocks of 32.
    package static func decodeIQ4_NL(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 18) { block, y in
            decodeLevels(block, at: 2, scale: block.half(at: 0), into: y)
        }
    }

    /// 16 bytes: the first 16 elements in their low halves, the others in the high ones.
    @inline(__always)
    private static func decodeLevels(
        _ block: UnsafeRawBufferPointer, at offset: Int, scale: Float, into y: UnsafeMutablePointer<Float>
    ) {
        for j in 0..<16 {
            y[j] = scale * level(block[offset + j] & 15)
            y[j + 16] = scale * level(block[offset + j] >> 4)
        }
    }

    /// The sixteen levels that ggml's non-linear formats stand for (`kvalues_iq4nl`), as bytes of two words.
    @inline(__always)
    private static func level(_ bits: UInt8) -> Float {
        let levels: (UInt64, UInt64) = (0xF6EA_DDCF_BFAD_9881, 0x7159_4535_2619_0D01)
        let word = bits < 8 ? levels.0 : levels.1
        return Float(Int8(truncatingIfNeeded: word >> (8 * UInt64(bits % 8))))
    }

    /// `d * scale` and `dmin * minimum` of a group of 32, from the twelve bytes with six bits of each.
    @inline(__always)
    private static func sixBitScales(of block: UnsafeRawBufferPointer, _ group: Int) -> (Float, Float) {
        let low = group % 4
        let (scale, minimum): (UInt8, UInt8) =
            if group < 4 {
                (block[4 + low] & 63, block[8 + low] & 63)
            } else {
                (
                    block[12 + low] & 15 | (block[4 + low] >> 6) << 4,
                    block[12 + low] >> 4 | (block[8 + low] >> 6) << 4
                )
            }
        return (block.half(at: 0) * Float(scale), block.half(at: 2) * Float(minimum))
    }

    @inline(__always)
    private static func decodeSuperBlocks(
        _ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>, bytesPerBlock: Int,
        decode: (UnsafeRawBufferPointer, UnsafeMutablePointer<Float>) -> Void
    ) {
        decodeBlocks(
            source, into: output, bytesPerBlock: bytesPerBlock, elementsPerBlock: superBlockSize, decode: decode)
    }
}
