import Foundation
import TensorGradients
import Tensors
import TestSupport

/// Attention over the rows that a segment's sequence has, in double precision.
struct PlainAttention {
    let segments: [Segment]
    let shape: AttentionShape

    /// For each row the rows that it attends to.
    private var visible: [[Int]] {
        var contexts: [[Int]] = []
        var visible: [[Int]] = []
        for segment in segments {
            let before = segment.parent.map { contexts[$0] } ?? []
            contexts.append(before + segment.rows)
            for row in segment.rows { visible.append(before + (segment.rows.lowerBound...row)) }
        }
        return visible
    }

    func output(_ queries: [Double], _ keys: [Double], _ values: [Double]) -> [Double] {
        let headSize = shape.headSize
        let (queryColumns, keyColumns) = (shape.heads * headSize, shape.keyValueHeads * headSize)
        var output: [Double] = []
        for (row, others) in visible.enumerated() {
            for head in 0..<shape.heads {
                let keyFirst = head / (shape.heads / shape.keyValueHeads) * headSize
                let queryFirst = row * queryColumns + head * headSize
                let powers = others.map { other -> Double in
                    var product = 0.0
                    for channel in 0..<headSize {
                        product += queries[queryFirst + channel] * keys[other * keyColumns + keyFirst + channel]
                    }
                    return exp(product / Double(headSize).squareRoot())
                }
                let total = powers.reduce(0, +)
                for channel in 0..<headSize {
                    var sum = 0.0
                    for (other, power) in zip(others, powers) {
                        sum += power / total * values[other * keyColumns + keyFirst + channel]
                    }
                    output.append(sum)
                }
            }
        }
        return output
    }
}

struct AttentionShape: Sendable {
    let segments: Int
    /// Rows of a segment.
    let longest: Int
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int
}

/// A random forest of segments, and what attention reads of it.
struct AttentionCase {
    let segments: [Segment]
    let shape: AttentionShape
    let queries, keys, values, gradient: [Float]

    init(_ shape: AttentionShape, seed: UInt64) {
        self.shape = shape
        var generator = SeededGenerator(seed: seed)
        var segments: [Segment] = []
        for index in 0..<shape.segments {
            let first = segments.last?.rows.upperBound ?? 0
            let count = Int.random(in: 1...shape.longest, using: &generator)
            let parent = Int.random(in: -1..<index, using: &generator)
            segments.append(Segment(rows: first..<first + count, parent: parent < 0 ? nil : parent))
        }
        self.segments = segments
        let rows = segments.last?.rows.upperBound ?? 0
        queries = random(rows * shape.heads * shape.headSize, in: -2...2, using: &generator)
        keys = random(rows * shape.keyValueHeads * shape.headSize, in: -2...2, using: &generator)
        values = random(rows * shape.keyValueHeads * shape.headSize, using: &generator)
        gradient = random(rows * shape.heads * shape.headSize, using: &generator)
    }

    var plain: PlainAttention { PlainAttention(segments: segments, shape: shape) }

    private func activation(_ elements: [Float], heads: Int) -> Activation {
        Activation(columns: heads * shape.headSize, elements: elements)
    }

    func attention(_ kernels: Kernels, threads: Int) -> SegmentAttention {
        SegmentAttention(
            SegmentPlan(
                segments, headCount: shape.heads, keyValueHeadCount: shape.keyValueHeads, headSize: shape.headSize),
            workers: Workers(count: threads, kernels: kernels))
    }

    func forward(_ attention: SegmentAttention) -> [Float] {
        let output = activation(queries.map { _ in 7 }, heads: shape.heads)
        attention.forward(
            activation(queries, heads: shape.heads), activation(keys, heads: shape.keyValueHeads),
            activation(values, heads: shape.keyValueHeads), into: output)
        return output.all
    }

    /// Over queries, keys and values: into memory that has other numbers, which must not stay.
    func backward(_ attention: SegmentAttention) -> [[Float]] {
        let gradients = [
            activation(queries.map { _ in 7 }, heads: shape.heads),
            activation(keys.map { _ in 7 }, heads: shape.keyValueHeads),
            activation(keys.map { _ in 7 }, heads: shape.keyValueHeads),
        ]
        attention.backward(
            activation(queries, heads: shape.heads), activation(keys, heads: shape.keyValueHeads),
            activation(values, heads: shape.keyValueHeads), outputGradient: activation(gradient, heads: shape.heads),
            queryGradient: gradients[0], keyGradient: gradients[1], valueGradient: gradients[2])
        return gradients.map(\.all)
    }

    func expectedGradients() -> [[Float]] {
        let (q, k, v) = (queries.map { Double($0) }, keys.map { Double($0) }, values.map { Double($0) })
        func loss(_ queries: [Double], _ keys: [Double], _ values: [Double]) -> Double {
            zip(plain.output(queries, keys, values), gradient).reduce(0) { $0 + $1.0 * Double($1.1) }
        }
        return [
            differences(at: queries) { loss($0, k, v) }, differences(at: keys) { loss(q, $0, v) },
            differences(at: values) { loss(q, k, $0) },
        ]
    }
}
