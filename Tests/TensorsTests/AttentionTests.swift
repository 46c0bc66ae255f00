import Tensors
import TestSupport
import Testing

/// Keys, values and queries of one random sequence, and the attention over any part of it.
private struct Sequence {
    let headCount: Int
    let keyValueHeadCount: Int
    let headSize: Int
    let queries: [[Float]]
    var keys: [[Float]]
    var values: [[Float]]

    init(_ shape: Shape, seed: UInt64 = 1) {
        var generator = SeededGenerator(seed: seed)
        headCount = shape.headCount
        keyValueHeadCount = shape.keyValueHeadCount
        headSize = shape.headSize
        queries = randomRows(shape.positions, shape.headCount * shape.headSize, using: &generator)
        keys = randomRows(shape.positions, shape.keyValueHeadCount * shape.headSize, using: &generator)
        values = randomRows(shape.positions, shape.keyValueHeadCount * shape.headSize, using: &generator)
    }

    var expected: [[Float]] {
        Reference.attention(
            queries: queries, keys: keys, values: values, keyValueHeadCount: keyValueHeadCount, headSize: headSize)
    }

    /// Runs the sequence in steps of the given lengths.
    func attend(
        chunks: [Int], format: KeyValueFormat = .float32, on workers: Workers = Workers(count: 1)
    ) -> [[Float]] {
        let pages = KeyValuePages(pool: pool(format))
        var result: [[Float]] = []
        for length in chunks {
            let range = result.count..<result.count + length
            result += attend(rows: range, in: pages, on: workers)
        }
        return result
    }

    /// The sequence with all its keys and values replaced.
    func filled(with value: Float) -> Sequence {
        var filled = self
        filled.keys = keys.map { $0.map { _ in value } }
        filled.values = values.map { $0.map { _ in value } }
        return filled
    }

    func pool(_ format: KeyValueFormat) -> KeyValuePagePool {
        KeyValuePagePool(
            shape: KeyValueShape(
                layerCount: 2, keyValueHeadCount: keyValueHeadCount, headSize: headSize, format: format))
    }

    /// Stores and attends from some rows, whose predecessors the pages hold; in the second of two layers.
    func attend(rows range: Range<Int>, in pages: KeyValuePages, on workers: Workers) -> [[Float]] {
        let length = range.count
        // Rows in the middle of a step: those around them belong to others and must stay as they are.
        let output = padded([[Float]](repeating: queries[0].map { _ in 0 }, count: length))
        pages.reserve(positions: range.upperBound)
        let plan = AttentionPlan(
            [AttentionSequence(rows: 1..<1 + length, pages: pages, firstPosition: range.lowerBound)],
            headCount: headCount)
        Attention.store(
            keys: padded(Array(keys[range])), values: padded(Array(values[range])), layer: 1, of: plan, on: workers)
        Attention.forward(
            padded(Array(queries[range])), layer: 1, of: plan, into: output, on: workers)
        #expect(output.row(0).allSatisfy { $0 == 77 })
        #expect(output.row(length + 1).allSatisfy { $0 == 77 })
        return (1..<1 + length).map(output.row)
    }

    private func padded(_ rows: [[Float]]) -> Activation {
        let edge = [rows[0].map { _ in Float(77) }]
        return Activation(elements: edge + rows + edge)
    }
}

private struct Shape: CustomTestStringConvertible {
    let headCount: Int
    let keyValueHeadCount: Int
    let headSize: Int
    let positions: Int

    var testDescription: String {
        "\(headCount) heads over \(keyValueHeadCount) of \(headSize) channels, \(positions) positions"
    }
}

private let tolerances: [(KeyValueFormat, Double)] = [(.float32, 1e-5), (.bfloat16, 8e-3)]

@Suite("Attention")
struct AttentionTests {
    private static let shapes = [
        Shape(headCount: 1, keyValueHeadCount: 1, headSize: 1, positions: 1),
        Shape(headCount: 1, keyValueHeadCount: 1, headSize: 8, positions: 13),
        Shape(headCount: 4, keyValueHeadCount: 4, headSize: 6, positions: 9),
        Shape(headCount: 6, keyValueHeadCount: 2, headSize: 8, positions: 17),
        Shape(headCount: 9, keyValueHeadCount: 3, headSize: 64, positions: 70),
        Shape(headCount: 8, keyValueHeadCount: 1, headSize: 5, positions: 33),
        Shape(headCount: 12, keyValueHeadCount: 2, headSize: 128, positions: 40),
        Shape(headCount: 14, keyValueHeadCount: 2, headSize: 80, positions: 21),
        // More queries share a head than the kernel takes at once.
        Shape(headCount: 50, keyValueHeadCount: 2, headSize: 4, positions: 19),
    ]

    /// One query head and one channel; scores and outputs are of the last position.
    private func attendLast(keys: [Float], values: [Float]) -> Float {
        let pages = KeyValuePages(
            pool: KeyValuePagePool(
                shape: KeyValueShape(layerCount: 1, keyValueHeadCount: 1, headSize: 1, format: .float32)))
        pages.reserve(positions: keys.count)
        let rows = [[Float]](repeating: [1], count: keys.count)
        let plan = AttentionPlan(
            [AttentionSequence(rows: 0..<keys.count, pages: pages, firstPosition: 0)], headCount: 1)
        let output = Activation(elements: rows)
        let workers = Workers(count: 1)
        Attention.store(
            keys: Activation(elements: keys.map { [$0] }), values: Activation(elements: values.map { [$0] }),
            layer: 0, of: plan, on: workers)
        Attention.forward(
            Activation(elements: rows), layer: 0, of: plan, into: output, on: workers)
        return output.row(keys.count - 1)[0]
    }

    @Test("Weights are the softmax of scaled scores, by hand")
    func literal() {
        #expect(attendLast(keys: [0], values: [4]) == 4)
        // Scores 0 and ln 3: weights 1/4 and 3/4.
        #expect(abs(attendLast(keys: [0, 1.0986123], values: [4, 8]) - 7) <= 1e-5)
    }

    @Test("Scores far beyond what exp can take do not overflow")
    func largeScores() {
        // 1 / (1 + 1/e)
        #expect(abs(attendLast(keys: [1000, 1001], values: [0, 1]) - 0.7310586) <= 1e-6)
        #expect(attendLast(keys: [-3000, 3000], values: [1, 2]) == 2)
    }

    @Test("A score that is not a number is not hidden")
    func notANumber() {
        #expect(attendLast(keys: [0, .nan, 1], values: [1, 2, 3]).isNaN)
    }

    @Test("A whole sequence equals plain loops", arguments: shapes)
    fileprivate func whole(shape: Shape) {
        let sequence = Sequence(shape)
        for (format, tolerance) in tolerances {
            for kernels in Kernels.available {
                let found = sequence.attend(
                    chunks: [shape.positions], format: format, on: Workers(count: 1, kernels: kernels))
                #expect(
                    relativeL2(found.flatMap { $0 }, sequence.expected.flatMap { $0 }) <= tolerance,
                    "\(kernels) \(format)")
            }
        }
    }

    @Test("A sequence in chunks, on any number of threads, has the bits of the sequence as a whole", arguments: shapes)
    fileprivate func chunked(shape: Shape) {
        let sequence = Sequence(shape)
        for (format, _) in tolerances {
            for kernels in Kernels.available {
                func attend(_ chunks: [Int], threads: Int) -> [[Float]] {
                    sequence.attend(chunks: chunks, format: format, on: Workers(count: threads, kernels: kernels))
                }
                let whole = attend([shape.positions], threads: 1)
                #expect(attend([shape.positions], threads: 3) == whole)
                #expect(attend([Int](repeating: 1, count: shape.positions), threads: 2) == whole)
                for first in 1..<max(2, shape.positions) where first < shape.positions {
                    #expect(attend([first, shape.positions - first], threads: 2) == whole)
                }
            }
        }
    }

    @Test("A position does not see those after it")
    func causality() {
        let sequence = Sequence(Shape(headCount: 2, keyValueHeadCount: 2, headSize: 4, positions: 8))
        #expect(sequence.attend(chunks: [5]) == Array(sequence.attend(chunks: [8])[..<5]))
    }

    @Test(
        "A sequence that adopts a prefix goes on with the bits of the sequence that it was taken from",
        arguments: [0, 1, 4, 15, 16, 17, 31, 32, 33])
    func prefix(count: Int) {
        let sequence = Sequence(Shape(headCount: 4, keyValueHeadCount: 2, headSize: 6, positions: 36))
        let workers = Workers(count: 1)
        for (format, _) in tolerances {
            let pool = sequence.pool(format)
            let original = KeyValuePages(pool: pool)
            let whole = sequence.attend(rows: 0..<36, in: original, on: workers)
            for _ in 0..<2 {
                let copy = KeyValuePages(pool: pool)
                copy.adoptPrefix(of: original, positions: count)
                #expect(sequence.attend(rows: count..<36, in: copy, on: workers) == Array(whole[count...]))
            }
            // The owner's pages are what they were.
            #expect(sequence.attend(rows: 35..<36, in: original, on: workers) == Array(whole[35...]))
        }
    }

    @Test("Pages that are given back are used again, whatever was in them")
    func recycled() {
        let sequence = Sequence(Shape(headCount: 2, keyValueHeadCount: 1, headSize: 4, positions: 21))
        let pool = sequence.pool(.bfloat16)
        func attend() -> [[Float]] {
            sequence.attend(rows: 0..<21, in: KeyValuePages(pool: pool), on: Workers(count: 1))
        }
        let first = attend()
        let nowhere = KeyValuePages(pool: pool)
        _ = sequence.filled(with: .nan).attend(rows: 0..<21, in: nowhere, on: Workers(count: 1))
        _ = consume nowhere
        #expect(attend() == first)
    }
}
