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
    func attend(chunks: [Int]) -> [[Float]] {
        let count = queries.count
        let keyCache = HeadCache(keyValueHeadCount: keyValueHeadCount, capacity: count + 3, headSize: headSize)
        let valueCache = HeadCache(keyValueHeadCount: keyValueHeadCount, capacity: count, headSize: headSize)
        var result: [[Float]] = []
        for length in chunks {
            let first = result.count
            let range = first..<first + length
            // Rows in the middle of a step: those around them belong to others and must stay as they are.
            let output = padded([[Float]](repeating: queries[0].map { _ in 0 }, count: length))
            keyCache.store(padded(Array(keys[range])), rows: 1..<1 + length, at: first)
            valueCache.store(padded(Array(values[range])), rows: 1..<1 + length, at: first)
            let scoreCount = Attention.scoreCount(
                rows: length, positions: range.upperBound, queriesPerKeyValueHead: headCount / keyValueHeadCount)
            Attention.forward(
                padded(Array(queries[range])), rows: 1..<1 + length, keys: keyCache, values: valueCache,
                firstPosition: first, scores: Activation(rowCapacity: 1, columns: scoreCount), into: output)
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
        let keys = HeadCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        let values = HeadCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        // Scores 0 and ln 3: weights 1/4 and 3/4.
        keys.store(Activation(elements: [[0], [1.0986123]]), rows: 0..<2, at: 0)
        values.store(Activation(elements: [[4], [8]]), rows: 0..<2, at: 0)
        let output = Activation(rowCapacity: 2, columns: 1)
        Attention.forward(
            Activation(elements: [[1], [1]]), rows: 0..<2, keys: keys, values: values, firstPosition: 0,
            scores: Activation(rowCapacity: 1, columns: 4), into: output)
        #expect(output.row(0) == [4])
        #expect(abs(output.row(1)[0] - 7) <= 1e-5)
    }

    @Test("Scores far beyond what exp can take do not overflow")
    func largeScores() {
        let keys = HeadCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        let values = HeadCache(keyValueHeadCount: 1, capacity: 2, headSize: 1)
        keys.store(Activation(elements: [[1000], [1001]]), rows: 0..<2, at: 0)
        values.store(Activation(elements: [[0], [1]]), rows: 0..<2, at: 0)
        let output = Activation(rowCapacity: 1, columns: 1)
        Attention.forward(
            Activation(elements: [[1]]), rows: 0..<1, keys: keys, values: values, firstPosition: 1,
            scores: Activation(rowCapacity: 1, columns: 2), into: output)
        // 1 / (1 + 1/e)
        #expect(abs(output.row(0)[0] - 0.7310586) <= 1e-6)
    }

    @Test("A whole sequence equals plain loops", arguments: shapes)
    fileprivate func whole(shape: Shape) {
        let sequence = Sequence(shape)
        let found = sequence.attend(chunks: [shape.positions])
        #expect(relativeL2(found.flatMap { $0 }, sequence.expected.flatMap { $0 }) <= 1e-5)
    }

    @Test("Row by row equals plain loops", arguments: shapes)
    fileprivate func rowByRow(shape: Shape) {
        let sequence = Sequence(shape)
        let found = sequence.attend(chunks: [Int](repeating: 1, count: shape.positions))
        #expect(relativeL2(found.flatMap { $0 }, sequence.expected.flatMap { $0 }) <= 1e-5)
    }

    @Test("A sequence in chunks equals the sequence as a whole, row by row", arguments: shapes)
    fileprivate func chunked(shape: Shape) {
        let sequence = Sequence(shape)
        let whole = sequence.attend(chunks: [shape.positions])
        for first in 1..<max(2, shape.positions) where first < shape.positions {
            let chunks = sequence.attend(chunks: [first, shape.positions - first])
            for (found, expected) in zip(chunks, whole) {
                #expect(relativeL2(found, expected) <= 1e-5)
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
        let original = HeadCache(keyValueHeadCount: 2, capacity: 5, headSize: 3)
        original.store(rows, rows: 0..<5, at: 0)
        let copy = HeadCache(keyValueHeadCount: 2, capacity: 9, headSize: 3)
        copy.copyPrefix(of: original, count: count)
        copy.store(rows, rows: count..<5, at: count)
        func attend(_ cache: HeadCache) -> [Float] {
            let output = Activation(rowCapacity: 1, columns: 12)
            Attention.forward(
                queries, rows: 0..<1, keys: cache, values: cache, firstPosition: 4,
                scores: Activation(rowCapacity: 1, columns: 10), into: output)
            return output.row(0)
        }
        #expect(attend(copy) == attend(original))
    }
}
