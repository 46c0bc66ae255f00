import Synchronization
import Tensors
import TestSupport
import Testing

@Suite("Packing")
struct PackingTests {
    @Test("bfloat16 rounds to nearest, ties to even")
    func bfloat16() {
        // 1 + 2^-8 lies half-way between 1 and 1 + 2^-7; 1 + 3 * 2^-8 half-way between 1 + 2^-7 and 1 + 2^-6.
        let numbers: [Float] = [1, 1.00390625, 1.01171875, 1.004, -1.00390625, 0, 3.3e38, -.infinity]
        let expected: [Float] = [1, 1, 1.015625, 1.0078125, -1, 0, roundedToBFloat16(3.3e38), -.infinity]
        #expect(Weight([numbers, numbers], packedAs: .bfloat16).widened == [expected, expected])
    }

    @Test("int8 makes the largest weight of an output 127 and rounds the others to the nearest")
    func int8() {
        let weight = Weight([[127, -127, 1.4, -1.6, 0], [-0.5, 0.25, 0, 0, 0.001]], packedAs: .int8)
        let widened = weight.widened
        #expect(widened[0] == [127, -127, 1, -2, 0])
        let scale: Float = 0.5 / 127
        // 63.5 and 0.254 of the second scale.
        #expect(widened[1] == [-127 * scale, 64 * scale, 0, 0, 0])
    }

    @Test("int4 spans each group of 32 columns from its least weight to its largest, in 15 steps")
    func int4() {
        // The first group has its scale and minimum in float16 exactly, the second is alone in its row.
        let first = (0..<32).map { Float($0 % 16) * 0.5 - 3 }
        let weight = Weight([first + [7], first.reversed() + [-0.1]], packedAs: .int4)
        let widened = weight.widened
        #expect(Array(widened[0]) == first + [7])
        #expect(Array(widened[1].prefix(32)) == first.reversed())
        #expect(widened[1][32] == Float(Float16(-0.1)))
    }

    @Test(
        "int4 is at most half a step from what it was made of, and what float16 rounds", arguments: [1, 31, 32, 33, 70])
    func closeness(columns: Int) {
        var generator = SeededGenerator(seed: UInt64(columns))
        let rows = randomRows(37, columns, using: &generator)
        for (row, found) in zip(rows, Weight(rows, packedAs: .int4).widened) {
            for first in stride(from: 0, to: columns, by: 32) {
                let group = row[first..<min(first + 32, columns)]
                let step = ((group.max() ?? 0) - (group.min() ?? 0)) / 15
                for column in group.indices {
                    #expect(abs(found[column] - row[column]) <= step * 0.51 + 1e-3)
                }
            }
        }
    }

    @Test("Blocks of four bits are packed without loss", arguments: [StoredMatrix.FourBitBlocks.q4_0, .q4_1])
    func lossless(blocks: StoredMatrix.FourBitBlocks) {
        var generator = SeededGenerator(seed: 11)
        let (rows, columns) = (70, 96)
        let bytes = (0..<rows * columns / 32).flatMap { _ -> [UInt8] in
            let head = (0..<(blocks == .q4_0 ? 1 : 2)).flatMap { _ in
                LittleEndian.bytes(Float16(Float.random(in: -2...2, using: &generator)).bitPattern)
            }
            return head + (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        StoredMatrix.with(rows: rows, columns: columns, blocks: blocks, bytes: bytes) { stored in
            #expect(Weight(stored, packedAs: .int4).widened == Weight(stored, packedAs: nil).widened)
        }
    }

    @Test("Blocks of Q4_0 whose minimum is beyond float16 are quantised anew")
    func overflow() {
        // 8 * 9000 is more than the largest float16, 65504.
        let large = LittleEndian.bytes(Float16(9000).bitPattern)
        let bytes = (0..<2).flatMap { _ in large + [UInt8](repeating: 0x88, count: 15) + [0x98] }
        StoredMatrix.with(rows: 2, columns: 32, blocks: .q4_0, bytes: bytes) { stored in
            let widened = Weight(stored, packedAs: .int4).widened
            let expected = [Float](repeating: 0, count: 31) + [9000]
            #expect(widened.allSatisfy { zip($0, expected).allSatisfy { abs($0 - $1) <= 5 } })
        }
    }

    @Test(
        "Every row is packed in its own place, whatever the order in which it is stored",
        arguments: [nil, PackedFormat.bfloat16, .int8, .int4])
    func order(format: PackedFormat?) {
        let (rows, columns) = (1000, 8)
        let elements = (0..<rows * columns).map { Float($0 / columns % 100 + 1) }
        let released = Mutex([Range<Int>]())
        let weight = elements.withUnsafeBytes { bytes in
            Weight(
                StoredMatrix(
                    rows: rows, columns: columns, bytes: bytes, decoder: NumberFormats.decodeFloat32,
                    storedRow: { rows - 1 - $0 }, release: { range in released.withLock { $0.append(range) } }),
                packedAs: format)
        }
        for (row, found) in weight.widened.enumerated() {
            let expected = Float((rows - 1 - row) % 100 + 1)
            #expect(found.allSatisfy { abs($0 / expected - 1) <= 1e-6 })
        }
        // All bytes, each once.
        let ranges = released.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == rows * columns * 4)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    }
}
