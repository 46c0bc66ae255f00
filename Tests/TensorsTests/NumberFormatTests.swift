import Tensors
import TestSupport
import Testing

private typealias Decoder = (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void

/// What a decoder makes of the bytes, which it gets at an odd address: mapped files promise no alignment.
private func decode(_ bytes: [UInt8], count: Int, with decoder: Decoder) -> [Float] {
    let shifted = [0xAA] + bytes
    return [Float](unsafeUninitializedCapacity: count) { output, initializedCount in
        output.initialize(repeating: .nan)
        shifted.withUnsafeBytes { source in
            decoder(
                UnsafeRawBufferPointer(rebasing: source[1...]), UnsafeMutableBufferPointer(rebasing: output[..<count]))
        }
        initializedCount = count
    }
}

private func decode(words: [UInt16], with decoder: Decoder) -> [Float] {
    decode(words.flatMap { LittleEndian.bytes($0) }, count: words.count, with: decoder)
}

/// Byte `j` has `j` in its low and `15 - j` in its high half.
private let nibbles: [UInt8] = [
    0xF0, 0xE1, 0xD2, 0xC3, 0xB4, 0xA5, 0x96, 0x87, 0x78, 0x69, 0x5A, 0x4B, 0x3C, 0x2D, 0x1E, 0x0F,
]

/// Fifth bits of the elements 1, 16 and 31.
private let fifthBits: [UInt8] = [0x02, 0x00, 0x01, 0x80]

@Suite("Number formats")
struct NumberFormatTests {
    @Test("Q4_0 is a scale and nibbles around 8")
    func q4_0() {
        let half: [UInt8] = [0x00, 0x38]
        #expect(
            decode(half + nibbles, count: 32, with: NumberFormats.decodeQ4_0) == [
                -4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5,
                3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0, -0.5, -1, -1.5, -2, -2.5, -3, -3.5, -4,
            ])
    }

    @Test("Q4_1 is a scale, a minimum and nibbles from 0")
    func q4_1() {
        let halfAndMinusOne: [UInt8] = [0x00, 0x38, 0x00, 0xBC]
        #expect(
            decode(halfAndMinusOne + nibbles, count: 32, with: NumberFormats.decodeQ4_1) == [
                -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5,
                6.5, 6, 5.5, 5, 4.5, 4, 3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0, -0.5, -1,
            ])
    }

    @Test("Q5_0 has fifth bits in a word of their own and is centred on 16")
    func q5_0() {
        let quarter: [UInt8] = [0x00, 0x34]
        #expect(
            decode(quarter + fifthBits + nibbles, count: 32, with: NumberFormats.decodeQ5_0) == [
                -4, 0.25, -3.5, -3.25, -3, -2.75, -2.5, -2.25, -2, -1.75, -1.5, -1.25, -1, -0.75, -0.5, -0.25,
                3.75, -0.5, -0.75, -1, -1.25, -1.5, -1.75, -2, -2.25, -2.5, -2.75, -3, -3.25, -3.5, -3.75, 0,
            ])
    }

    @Test("Q5_1 has fifth bits in a word of their own and a minimum")
    func q5_1() {
        let twoAndTen: [UInt8] = [0x00, 0x40, 0x00, 0x49]
        #expect(
            decode(twoAndTen + fifthBits + nibbles, count: 32, with: NumberFormats.decodeQ5_1) == [
                10, 44, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40,
                72, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 42,
            ])
    }

    @Test("Q8_0 is a scale and signed bytes")
    func q8_0() {
        let minusHalf: [UInt8] = [0x00, 0xB8]
        let bytes: [UInt8] = [
            0x00, 0x01, 0x02, 0x7F, 0x80, 0x81, 0xFE, 0xFF, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90,
            0xA0, 0xB0, 0xC0, 0xD0, 0xE0, 0xF0, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C,
        ]
        #expect(
            decode(minusHalf + bytes, count: 32, with: NumberFormats.decodeQ8_0) == [
                0, -0.5, -1, -63.5, 64, 63.5, 1, 0.5, -8, -16, -24, -32, -40, -48, -56, 56,
                48, 40, 32, 24, 16, 8, -1.5, -2, -2.5, -3, -3.5, -4, -4.5, -5, -5.5, -6,
            ])
    }

    @Test("Each block has its own scale")
    func twoBlocks() {
        let zeroes = [UInt8](repeating: 0, count: 16)
        let one: [UInt8] = [0x00, 0x3C]
        let smallestSubnormal: [UInt8] = [0x01, 0x00]
        let values = decode(
            one + zeroes + smallestSubnormal + nibbles, count: 64, with: NumberFormats.decodeQ4_0)
        #expect(values[..<32].allSatisfy { $0 == -8 })
        #expect(values[32] == -8 * 0x1p-24)
        #expect(values[47] == 7 * 0x1p-24)
        #expect(values[63] == -8 * 0x1p-24)
    }

    @Test("F16 is binary16, subnormal numbers and infinities included")
    func float16() {
        let words: [UInt16] = [
            0x0000, 0x3C00, 0xC000, 0x3555, 0x7BFF, 0x0400, 0x03FF, 0x0001, 0x8001, 0x7C00, 0xFC00,
        ]
        #expect(
            decode(words: words, with: NumberFormats.decodeFloat16) == [
                0, 1, -2, 0.333251953125, 65504, 0x1p-14, 1023 * 0x1p-24, 0x1p-24, -0x1p-24, .infinity, -.infinity,
            ])
        #expect(decode(words: [0x8000], with: NumberFormats.decodeFloat16)[0].sign == .minus)
        #expect(decode(words: [0x7E00], with: NumberFormats.decodeFloat16)[0].isNaN)
    }

    @Test("BF16 is the upper half of binary32")
    func bfloat16() {
        let words: [UInt16] = [0x0000, 0x3F80, 0xC040, 0x4049, 0x7F7F, 0x0080, 0x0001, 0x7F80, 0xFF80]
        #expect(
            decode(words: words, with: NumberFormats.decodeBFloat16) == [
                0, 1, -3, 3.140625, 0x1.FEp127, 0x1p-126, 0x1p-133, .infinity, -.infinity,
            ])
        #expect(decode(words: [0x7FC0], with: NumberFormats.decodeBFloat16)[0].isNaN)
    }

    @Test("F32 is little-endian binary32")
    func float32() {
        let bytes: [UInt8] = [0x00, 0x00, 0x80, 0x3F, 0xDB, 0x0F, 0x49, 0xC0, 0x01, 0x00, 0x00, 0x00]
        #expect(decode(bytes, count: 3, with: NumberFormats.decodeFloat32) == [1, -3.14159274, 0x1p-149])
    }

    @Test("Every number of binary16 is decoded as the compiler widens it")
    func everyNumber() {
        let words = (0...UInt16.max).map { $0 }
        for (word, found) in zip(words, decode(words: words, with: NumberFormats.decodeFloat16)) {
            let expected = Float(Float16(bitPattern: word))
            #expect(found.isNaN && expected.isNaN || found.bitPattern == expected.bitPattern, "\(word)")
        }
    }
}
