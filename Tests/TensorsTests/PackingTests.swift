import Tensors
import TestSupport
import Testing

@Suite("Packing")
struct PackingTests {
    @Test("bfloat16 rounds to nearest, ties to even")
    func bfloat16() {
        // 1 + 2^-8 lies half-way between 1 and 1 + 2^-7; 1 + 3 * 2^-8 half-way between 1 + 2^-7 and 1 + 2^-6.
        let numbers: [Float] = [1, 1.00390625, 1.01171875, 1.004, -1.00390625, 0, 3.3e38]
        let expected: [Float] = [1, 1, 1.015625, 1.0078125, -1, 0, roundedToBFloat16(3.3e38)]
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

    @Test("Blocks of four bits are packed without loss", arguments: [FourBitBlocks.q4_0, .q4_1])
    func lossless(blocks: FourBitBlocks) throws {
        var generator = SeededGenerator(seed: 11)
        let (rows, columns) = (70, 96)
        let bytes = (0..<rows * columns / 32).flatMap { _ -> [UInt8] in
            let head = (0..<(blocks == .q4_0 ? 1 : 2)).flatMap { _ in
                LittleEndian.bytes(Float16(Float.random(in: -2...2, using: &generator)).bitPattern)
            }
            return head + (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        let stored = StoredMatrix(rows: rows, columns: columns, blocks: blocks, bytes: bytes)
        #expect(try Weight(stored, packedAs: .int4).widened == Weight(stored, packedAs: nil).widened)
    }

    @Test("Blocks of Q4_K keep their quants; their scales and minimums are rounded to float16")
    func superBlocks() throws {
        var generator = SeededGenerator(seed: 12)
        let (rows, columns) = (35, 512)
        let bytes = (0..<rows * columns / 256).flatMap { _ -> [UInt8] in
            let head = [0.01, 0.002].flatMap {
                LittleEndian.bytes(Float16(Float.random(in: 0...$0, using: &generator)).bitPattern)
            }
            return head + (0..<140).map { _ in UInt8.random(in: 0...255, using: &generator) }
        }
        let stored = StoredMatrix(rows: rows, columns: columns, blocks: .q4_K, bytes: bytes)
        let exact = try Weight(stored, packedAs: nil).widened
        let packed = try Weight(stored, packedAs: .int4).widened
        for (row, found) in zip(exact, packed) {
            for first in stride(from: 0, to: columns, by: 32) {
                let group = row[first..<first + 32]
                let largest = group.reduce(0) { max($0, abs($1)) } + (group.max() ?? 0) - (group.min() ?? 0)
                // Two roundings, each of at most half a unit of eleven bits or of the smallest subnormal number.
                for column in group.indices {
                    #expect(abs(found[column] - row[column]) <= largest * 0x1p-10 + 16 * 0x1p-25)
                }
            }
        }
        #expect(exact != packed)
    }

    @Test("Blocks of Q4_0 whose minimum is beyond float16 are quantised anew")
    func overflow() throws {
        // 8 * 9000 is more than the largest float16, 65504.
        let large = LittleEndian.bytes(Float16(9000).bitPattern)
        let bytes = (0..<2).flatMap { _ in large + [UInt8](repeating: 0x88, count: 15) + [0x98] }
        let stored = StoredMatrix(rows: 2, columns: 32, blocks: .q4_0, bytes: bytes)
        let widened = try Weight(stored, packedAs: .int4).widened
        let expected = [Float](repeating: 0, count: 31) + [9000]
        #expect(widened.allSatisfy { zip($0, expected).allSatisfy { abs($0 - $1) <= 5 } })
    }

    @Test(
        "Every row is packed in its own place, whatever the order in which it is stored",
        arguments: [nil, PackedFormat.bfloat16, .int8, .int4])
    func order(format: PackedFormat?) throws {
        // Many pieces, and heads that lie across their borders and across panels.
        let (rows, columns, headSize) = (1000, 2048, 40)
        var elements = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            let (head, channel) = row.quotientAndRemainder(dividingBy: headSize)
            let place = head * headSize + channel % (headSize / 2) * 2 + channel / (headSize / 2)
            for column in 0..<columns {
                elements[place * columns + column] = Float(row % 100 + 1)
            }
        }
        let weight = try Weight(
            StoredMatrix(rows: rows, elements: elements, order: .interleavedHalves(headSize: headSize)),
            packedAs: format)
        for (row, found) in weight.widened.enumerated() {
            #expect(found.allSatisfy { abs($0 / Float(row % 100 + 1) - 1) <= 1e-6 }, "row \(row)")
        }
    }

    @Test("A weight takes what its shape says", arguments: [nil, PackedFormat.bfloat16, .int8, .int4], [1, 33, 64])
    func byteCount(format: PackedFormat?, rows: Int) {
        let weight = Weight([[Float]](repeating: [Float](repeating: 1, count: 70), count: rows), packedAs: format)
        #expect(weight.byteCount == Weight.byteCount(rows: rows, columns: 70, packedAs: format))
    }
}

@Suite("Stored matrices that are refused")
struct StoredMatrixRefusalTests {
    private struct Unreadable: Error, Equatable {
        let rows: Range<Int>
    }

    private func refusal(_ stored: StoredMatrix<Never>, packedAs format: PackedFormat?) -> WeightOutOfRange? {
        do {
            _ = try Weight(stored, packedAs: format)
            return nil
        } catch {
            guard case .outOfRange(let weight) = error else { return nil }
            return weight
        }
    }

    private static let formats = [nil] + PackedFormat.allCases.map(Optional.some)

    @Test(
        "A weight that is not finite is refused with its place: the first of several", arguments: formats,
        [Float.nan, .infinity, -.infinity])
    func notFinite(format: PackedFormat?, value: Float) throws {
        let (rows, columns) = (300, 1000)
        var elements = [Float](repeating: 1, count: rows * columns)
        for (row, column) in [(299, 0), (70, 999), (70, 998), (131, 5)] {
            elements[row * columns + column] = value
        }
        let found = try #require(refusal(StoredMatrix(rows: rows, elements: elements), packedAs: format))
        #expect(found.row == 70 && found.column == 998)
        #expect(found.value.bitPattern == value.bitPattern)
    }

    @Test(
        "Blocks of four bits whose scale is not finite are refused",
        arguments: [FourBitBlocks.q4_0, .q4_1, .q4_K], [UInt16(0x7C00), 0xFC00, 0x7E00])
    func scales(blocks: FourBitBlocks, scale: UInt16) throws {
        let (columns, size) = blocks == .q4_K ? (256, 144) : (32, blocks == .q4_0 ? 18 : 20)
        // The scale, and in formats that have one the minimum.
        for place in [0] + (blocks == .q4_0 ? [] : [2]) {
            var bytes = [UInt8](repeating: 0x11, count: 5 * size)
            bytes.replaceSubrange(3 * size + place..<3 * size + place + 2, with: LittleEndian.bytes(scale))
            let stored = StoredMatrix(rows: 5, columns: columns, blocks: blocks, bytes: bytes)
            for format in Self.formats {
                let found = try #require(refusal(stored, packedAs: format))
                #expect(found.row == 3 && found.column == 0)
                #expect(!found.value.isFinite)
            }
        }
    }

    @Test("A weight that is finite, but beyond what it is packed in, is refused")
    func beyondFormat() throws {
        let large = StoredMatrix(rows: 1, elements: [0, 70_000])
        let found = try #require(refusal(large, packedAs: .int4))
        #expect(found.row == 0 && found.column == 1 && found.value == 70_000 && found.limit == 65_504)
        for format in [nil, PackedFormat.bfloat16, .int8] {
            #expect(refusal(large, packedAs: format) == nil)
        }
        let largest = StoredMatrix(rows: 1, elements: [.greatestFiniteMagnitude])
        #expect(try #require(refusal(largest, packedAs: .bfloat16)).value == .greatestFiniteMagnitude)
        #expect(refusal(largest, packedAs: nil) == nil)
        #expect(refusal(largest, packedAs: .int8) == nil)
        // What just does not become infinite.
        let below = StoredMatrix(rows: 1, elements: [Float(bitPattern: 0x7F7F_7FFF)])
        #expect(try Weight(below, packedAs: .bfloat16).widened[0][0].isFinite)
        #expect(try Weight(StoredMatrix(rows: 1, elements: [-65_504]), packedAs: .int4).widened == [[-65_504]])
    }

    @Test("What cannot be read comes out as it is, that of the first rows", arguments: formats)
    func unreadable(format: PackedFormat?) {
        let stored = StoredMatrix<Unreadable>(
            rows: 400, columns: 4096, rowSize: 4 * 4096, decoder: NumberFormats.decodeFloat32,
            reader: { rows, output throws(Unreadable) in
                output.initializeMemory(as: UInt8.self, repeating: 0)
                if rows.upperBound > 100 { throw Unreadable(rows: rows) }
            })
        do {
            _ = try Weight(stored, packedAs: format)
            Issue.record("expected an error")
        } catch {
            guard case .unreadable(let cause) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(cause.rows.contains(100))
        }
    }
}
