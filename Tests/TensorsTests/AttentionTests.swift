import Tensors
import TestSupport
import Testing

/// Keys, values and queries of one random sequence, and the attention over any part of it.
private struct Sequence {
    let headCount: Int
    let keyValueHeadCount: Int
    let headSize: Int
    let queries: [[Float]]
    let keys: [[Float]]
    let values: [[Float]]

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
    func attend(chunks: [Int], on workers: Workers = Workers(count: 1)) -> [[Float]] {
        let count = queries.count
        let keyCache = KeyCache(keyValueHeadCount: keyValueHeadCount, capacity: count + 3, headSize: headSize)
        let valueCache = ValueCache(keyValueHeadCount: keyValueHeadCount, capacity: count, headSize: headSize)
        var result: [[Float]] = []
        for length in chunks {
            let first = result.count
            let range = first..<first + length
            // Rows in the middle of a step: those around them belong to others and must stay as they are.
            let output = padded([[Float]](repeating: queries[0].map { _ in 0 }, count: length))
            keyCache.store(padded(Array(keys[range])), rows: 1..<1 + length, at: first)
            valueCache.store(padded(Array(values[range])), rows: 1..<1 + length, at: first)
            Attention.forward(
                padded(Array(queries[range])), rows: 1..<1 + length, keys: keyCache, values: valueCache,
                firstPosition: first, into: output, on: workers)
            #expect(output.row(0).allSatisfy { $0 == 77 })
            #expect(output.row(length + 1).allSatisfy { $0 == 77 })
            result += (1..<1 + length).map(output.row)
        }
        return result
    }

    private func padded(_ rows: [[Float]]) -> Activation {
        let edge = [rows[0].map { _ in Float(77) }]
        return Activation(elements: edge + rows + edge)
    }
}

extension Attention {
    /// Attention of one sequence.
    fileprivate static func forward(
        _ queries: Activation, rows: Range<Int>, keys: KeyCache, values: ValueCache, firstPosition: Int,
        into output: Activation, on workers: Workers = Workers(count: 1)
    ) {
        let queriesPerKeyValueHead = queries.columns / keys.headSize / keys.keyValueHeadCount
        let scoreCount = scoreCount(
            positions: firstPosition + rows.count, queriesPerKeyValueHead: queriesPerKeyValueHead, on: workers)
        forward(
            queries,
            sequences: [AttentionSequence(rows: rows, keys: keys, values: values, firstPosition: firstPosition)],
            scores: Activation(rowCapacity: 1, columns: scoreCount), into: output, on: workers)
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

@Suite("Attention")
struct AttentionTests {
    private static let shapes = [
        Shape(headCount: 1, keyValueHeadCount: 1, headSize: 1, positions: 1),
        Shape(headCount: 1, keyValueHeadCount: 1, headSize: 8, positions: 13),
        Shape(headCount: 4, keyValueHeadCount: 4, headSize: 6, positions: 9),
        Shape(headCount: 6, keyValueHeadCount: 2, headSize: 8, positions: 17),
        Shape(headCount: 9, keyValueHeadCount: 3, headSize: 64, positions: 40),
        Shape(headCount: 8, keyValueHeadCount: 1, headSize: 5, positions: 11),
    ]

    @Test("Weights are the softmax of scaled scores, by hand")
    func literal() {
        let keys = KeyCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        let values = ValueCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        // Scores 0 and ln 3: weights 1/4 and 3/4.
        keys.store(Activation(elements: [[0], [1.0986123]]), rows: 0..<2, at: 0)
        values.store(Activation(elements: [[4], [8]]), rows: 0..<2, at: 0)
        let output = Activation(rowCapacity: 2, columns: 1)
        Attention.forward(
            Activation(elements: [[1], [1]]), rows: 0..<2, keys: keys, values: values, firstPosition: 0, into: output)
        #expect(output.row(0) == [4])
        #expect(abs(output.row(1)[0] - 7) <= 1e-5)
    }

    @Test("Scores far beyond what exp can take do not overflow")
    func largeScores() {
        let keys = KeyCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        let values = ValueCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        keys.store(Activation(elements: [[1000], [1001]]), rows: 0..<2, at: 0)
        values.store(Activation(elements: [[0], [1]]), rows: 0..<2, at: 0)
        let output = Activation(rowCapacity: 1, columns: 1)
        Attention.forward(
            Activation(elements: [[1]]), rows: 0..<1, keys: keys, values: values, firstPosition: 1, into: output)
        // 1 / (1 + 1/e)
        #expect(abs(output.row(0)[0] - 0.7310586) <= 1e-6)
    }

    @Test("A whole sequence equals plain loops", arguments: shapes)
    fileprivate func whole(shape: Shape) {
        let sequence = Sequence(shape)
        for kernels in Kernels.available {
            let found = sequence.attend(chunks: [shape.positions], on: Workers(count: 1, kernels: kernels))
            #expect(relativeL2(found.flatMap { $0 }, sequence.expected.flatMap { $0 }) <= 1e-5, "\(kernels)")
        }
    }

    @Test("Row by row equals plain loops", arguments: shapes)
    fileprivate func rowByRow(shape: Shape) {
        let sequence = Sequence(shape)
        let found = sequence.attend(chunks: [Int](repeating: 1, count: shape.positions))
        #expect(relativeL2(found.flatMap { $0 }, sequence.expected.flatMap { $0 }) <= 1e-5)
    }

    @Test("A sequence in chunks, on any number of threads, has the bits of the sequence as a whole", arguments: shapes)
    fileprivate func chunked(shape: Shape) {
        let sequence = Sequence(shape)
        for kernels in Kernels.available {
            let whole = sequence.attend(chunks: [shape.positions], on: Workers(count: 1, kernels: kernels))
            #expect(sequence.attend(chunks: [shape.positions], on: Workers(count: 3, kernels: kernels)) == whole)
            for first in 1..<max(2, shape.positions) where first < shape.positions {
                let chunks = [first, shape.positions - first]
                #expect(sequence.attend(chunks: chunks, on: Workers(count: 2, kernels: kernels)) == whole)
            }
        }
    }

    @Test("A position does not see those after it")
    func causality() {
        let sequence = Sequence(Shape(headCount: 2, keyValueHeadCount: 2, headSize: 4, positions: 8))
        let whole = sequence.attend(chunks: [8])
        let prefix = sequence.attend(chunks: [5])
        for (found, expected) in zip(prefix, whole) {
            #expect(relativeL2(found, expected) <= 1e-6)
        }
    }

    @Test("A cache that adopts a prefix continues as the cache it was taken from", arguments: [0, 1, 4])
    func prefix(count: Int) {
        var generator = SeededGenerator(seed: 9)
        let rows = Activation.random(rows: 5, columns: 6, using: &generator)
        let queries = Activation.random(rows: 1, columns: 12, using: &generator)
        let keys = KeyCache(keyValueHeadCount: 2, capacity: 5, headSize: 3)
        keys.store(rows, rows: 0..<5, at: 0)
        let values = ValueCache(keyValueHeadCount: 2, capacity: 5, headSize: 3)
        values.store(rows, rows: 0..<5, at: 0)
        let keyCopy = KeyCache(keyValueHeadCount: 2, capacity: 19, headSize: 3)
        keyCopy.copyPrefix(of: keys, count: count)
        keyCopy.store(rows, rows: count..<5, at: count)
        let valueCopy = ValueCache(keyValueHeadCount: 2, capacity: 9, headSize: 3)
        valueCopy.copyPrefix(of: values, count: count)
        valueCopy.store(rows, rows: count..<5, at: count)
        func attend(_ keys: KeyCache, _ values: ValueCache) -> [Float] {
            let output = Activation(rowCapacity: 1, columns: 12)
            Attention.forward(queries, rows: 0..<1, keys: keys, values: values, firstPosition: 4, into: output)
            return output.row(0)
        }
        #expect(attend(keyCopy, valueCopy) == attend(keys, values))
    }
}
