/// Decoders of the number formats that checkpoints store, little-endian, each into float32.
///
/// The block formats here are ggml's simple ones: 32 elements a block, a float16 scale `d` (and minimum `m`), then the packed integers;
/// byte `j` of a 4-bit block holds element `j` in its low and element `j + 16` in its high half.
package enum NumberFormats {
    /// Elements of a block of every block format here.
    static let blockSize = 32

    /// IEEE 754 binary32.
    package static func decodeFloat32(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>)
    {
        checkSize(source, output, bytesPerBlock: 4, elementsPerBlock: 1)
        for index in output.indices {
            output[index] = Float(bitPattern: source.littleEndian(UInt32.self, at: 4 * index))
        }
    }

    /// IEEE 754 binary16.
    package static func decodeFloat16(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>)
    {
        checkSize(source, output, bytesPerBlock: 2, elementsPerBlock: 1)
        for index in output.indices {
            output[index] = source.half(at: 2 * index)
        }
    }

    /// The upper half of binary32.
    package static func decodeBFloat16(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>)
    {
        checkSize(source, output, bytesPerBlock: 2, elementsPerBlock: 1)
        for index in output.indices {
            output[index] = Float(bitPattern: UInt32(source.littleEndian(UInt16.self, at: 2 * index)) << 16)
        }
    }

    /// `(q - 8) * d`
    package static func decodeQ4_0(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 18) { block, y in
            let d = block.half(at: 0)
            for j in 0..<16 {
                let byte = block[2 + j]
                y[j] = Float(Int(byte & 15) - 8) * d
                y[j + 16] = Float(Int(byte >> 4) - 8) * d
            }
        }
    }

    /// `q * d + m`
    package static func decodeQ4_1(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 20) { block, y in
            let d = block.half(at: 0)
            let m = block.half(at: 2)
            for j in 0..<16 {
                let byte = block[4 + j]
                y[j] = Float(byte & 15) * d + m
                y[j + 16] = Float(byte >> 4) * d + m
            }
        }
    }

    /// `(q - 16) * d`; the fifth bits of all 32 elements are a word of their own.
    package static func decodeQ5_0(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 22) { block, y in
            let d = block.half(at: 0)
            let fifthBits = block.littleEndian(UInt32.self, at: 2)
            for j in 0..<16 {
                let (low, high) = fiveBitPair(block[6 + j], fifthBits, j)
                y[j] = Float(low - 16) * d
                y[j + 16] = Float(high - 16) * d
            }
        }
    }

    /// `q * d + m`, with five bits.
    package static func decodeQ5_1(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 24) { block, y in
            let d = block.half(at: 0)
            let m = block.half(at: 2)
            let fifthBits = block.littleEndian(UInt32.self, at: 4)
            for j in 0..<16 {
                let (low, high) = fiveBitPair(block[8 + j], fifthBits, j)
                y[j] = Float(low) * d + m
                y[j + 16] = Float(high) * d + m
            }
        }
    }

    /// `q * d`, with signed bytes.
    package static func decodeQ8_0(_ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        decodeBlocks(source, into: output, bytesPerBlock: 34) { block, y in
            let d = block.half(at: 0)
            for j in 0..<32 {
                y[j] = Float(Int8(bitPattern: block[2 + j])) * d
            }
        }
    }

    private static func fiveBitPair(_ byte: UInt8, _ fifthBits: UInt32, _ j: Int) -> (Int, Int) {
        let low = Int(byte & 15) | Int((fifthBits >> UInt32(j)) & 1) << 4
        let high = Int(byte >> 4) | Int((fifthBits >> UInt32(j + 16)) & 1) << 4
        return (low, high)
    }

    @inline(__always)
    static func decodeBlocks(
        _ source: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>, bytesPerBlock: Int,
        elementsPerBlock: Int = blockSize, decode: (UnsafeRawBufferPointer, UnsafeMutablePointer<Float>) -> Void
    ) {
        checkSize(source, output, bytesPerBlock: bytesPerBlock, elementsPerBlock: elementsPerBlock)
        guard let y = output.baseAddress else { return }
        for block in 0..<output.count / elementsPerBlock {
            let bytes = UnsafeRawBufferPointer(rebasing: source[block * bytesPerBlock..<(block + 1) * bytesPerBlock])
            decode(bytes, y + block * elementsPerBlock)
        }
    }

    private static func checkSize(
        _ source: UnsafeRawBufferPointer, _ output: UnsafeMutableBufferPointer<Float>, bytesPerBlock: Int,
        elementsPerBlock: Int
    ) {
        precondition(output.count % elementsPerBlock == 0, "\(output.count) elements in blocks of \(elementsPerBlock)")
        let expected = output.count / elementsPerBlock * bytesPerBlock
        precondition(source.count == expected, "\(source.count) bytes where \(expected) hold \(output.count) elements")
    }
}

extension UnsafeRawBufferPointer {
    @inline(__always)
    func littleEndian<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }

    @inline(__always)
    func half(at offset: Int) -> Float {
        // Not `Float(Float16)`, which is a call on processors without the instruction. Exponents are 112 apart; a
        // multiplication moves them and normalises what is subnormal.
        let half = UInt32(littleEndian(UInt16.self, at: offset))
        let bits = (half & 0x7FFF) << 13
        let finite = (Float(bitPattern: bits) * 0x1p112).bitPattern
        let magnitude = bits < 0x0F80_0000 ? finite : bits | 0x7F80_0000
        return Float(bitPattern: magnitude | (half & 0x8000) << 16)
    }
}
