import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("Attention within a step of segments, and the way back through it")
struct SegmentAttentionTests {
    private static let shapes = [
        AttentionShape(segments: 1, longest: 1, heads: 1, keyValueHeads: 1, headSize: 2),
        AttentionShape(segments: 1, longest: 9, heads: 2, keyValueHeads: 2, headSize: 3),
        AttentionShape(segments: 5, longest: 3, heads: 4, keyValueHeads: 2, headSize: 4),
        AttentionShape(segments: 7, longest: 2, heads: 3, keyValueHeads: 1, headSize: 5),
    ]

    @Test("Each row sees its own sequence alone", arguments: shapes, [1, 2, 3] as [UInt64])
    func forward(shape: AttentionShape, seed: UInt64) {
        let test = AttentionCase(shape, seed: seed)
        let expected = test.plain.output(
            test.queries.map { Double($0) }, test.keys.map { Double($0) }, test.values.map { Double($0) })
        for kernels in Kernels.available {
            let distance = relativeL2(test.forward(test.attention(kernels, threads: 2)), expected.map { Float($0) })
            #expect(distance <= 1e-5, "\(kernels), \(test.segments): \(distance)")
        }
    }

    @Test("Gradients are those of differences", arguments: shapes, [1, 2, 3] as [UInt64])
    func backward(shape: AttentionShape, seed: UInt64) {
        let test = AttentionCase(shape, seed: seed)
        let expected = test.expectedGradients()
        for kernels in Kernels.available {
            for (index, found) in test.backward(test.attention(kernels, threads: 2)).enumerated() {
                // Where each row sees itself alone nothing depends on its query.
                let isZero = expected[index].allSatisfy { abs($0) <= 1e-8 }
                let distance = isZero ? Double(found.map { abs($0) }.max() ?? 0) : relativeL2(found, expected[index])
                #expect(distance <= 1e-5, "\(kernels), \(index), \(test.segments): \(distance)")
            }
        }
    }

    @Test("So many threads give the same bits each time, whatever the memory held", arguments: [1, 3])
    func repetition(threads: Int) {
        let shape = AttentionShape(segments: 12, longest: 9, heads: 6, keyValueHeads: 3, headSize: 16)
        let test = AttentionCase(shape, seed: 5)
        for kernels in Kernels.available {
            let attention = test.attention(kernels, threads: threads)
            let (output, gradients) = (test.forward(attention), test.backward(attention))
            for _ in 0..<5 {
                #expect(test.forward(attention) == output && test.backward(attention) == gradients)
            }
            let another = test.attention(kernels, threads: threads)
            #expect(test.backward(another) == gradients && test.forward(another) == output)
        }
    }

    @Test("A shared prompt gives what its copies give")
    func sharing() {
        var generator = SeededGenerator(seed: 8)
        let (heads, headSize) = (2, 4)
        let queries = (0..<7).map { _ in random(heads * headSize, using: &generator) }
        let keys = (0..<7).map { _ in random(headSize, using: &generator) }
        let values = (0..<7).map { _ in random(headSize, using: &generator) }
        func outputs(_ segments: [Segment], _ order: [Int]) -> [[Float]] {
            let attention = SegmentAttention(
                SegmentPlan(segments, headCount: heads, keyValueHeadCount: 1, headSize: headSize),
                workers: Workers(count: 1))
            let output = Activation(rowCapacity: order.count, columns: heads * headSize)
            attention.forward(
                Activation(columns: output.columns, elements: order.flatMap { queries[$0] }),
                Activation(columns: headSize, elements: order.flatMap { keys[$0] }),
                Activation(columns: headSize, elements: order.flatMap { values[$0] }), into: output)
            return (0..<order.count).map(output.row)
        }
        // Three rows of a prompt, and two rationales of two.
        let shared = [0..<3, 3..<5, 5..<7].map { Segment(rows: $0, parent: $0.lowerBound == 0 ? nil : 0) }
        let together = outputs(shared, Array(0..<7))
        let order = [0, 1, 2, 3, 4, 0, 1, 2, 5, 6]
        let apart = outputs([Segment(rows: 0..<5, parent: nil), Segment(rows: 5..<10, parent: nil)], order)
        for (found, row) in zip(apart, order) {
            #expect(relativeL2(found, together[row]) <= 1e-6)
        }
    }
}
