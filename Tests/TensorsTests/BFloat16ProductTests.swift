import Tensors
import TestSupport
import Testing

@Suite("bfloat16 products")
struct BFloat16ProductTests {
    static let shapes: [(rows: Int, outputs: Int, inputs: Int)] = [
        (1, 1, 1), (1, 32, 2), (2, 33, 7), (3, 100, 64), (5, 64, 65), (7, 31, 128), (8, 48, 33), (12, 96, 66),
        (13, 40, 96), (25, 65, 40), (64, 128, 96),
    ]

    @Test("On every instruction set products equal those of the rounded numbers in float32", arguments: shapes)
    func products(rows: Int, outputs: Int, inputs: Int) {
        var generator = SeededGenerator(seed: UInt64(rows * 1000 + outputs))
        let weight = randomMatrix(outputs, inputs, using: &generator)
        let input = Activation.random(rows: rows, columns: inputs, using: &generator)
        let expected = Activation(rowCapacity: rows, columns: outputs)
        BLAS.multiply(
            Activation(elements: (0..<rows).map { input.row($0).map(rounded) }),
            byTransposeOf: Matrix(columns: inputs, elements: (0..<outputs).flatMap { weight.row($0).map(rounded) }),
            into: expected, rows: rows)
        for kernels in Kernels.available {
            let output = Activation(rowCapacity: rows, columns: outputs)
            Workers(count: 2, kernels: kernels).multiply(
                input, byTransposeOf: .bfloat16(PackedBFloat16(weight)), into: output, rows: rows)
            let found = (0..<rows).flatMap(output.row)
            #expect(relativeL2(found, (0..<rows).flatMap(expected.row)) <= 2e-6, "\(kernels)")
        }
    }

    @Test("A row has the same bits alone, among others and on any number of threads", arguments: Kernels.available)
    func invariance(kernels: Kernels) {
        var generator = SeededGenerator(seed: 3)
        let weight = Weight.bfloat16(PackedBFloat16(randomMatrix(200, 130, using: &generator)))
        let input = Activation.random(rows: 40, columns: 130, using: &generator)
        func multiply(_ input: Activation, rows: Int, threads: Int) -> [[Float]] {
            let output = Activation(rowCapacity: rows, columns: 200)
            Workers(count: threads, kernels: kernels)
                .multiply(input, byTransposeOf: weight, into: output, rows: rows)
            return (0..<rows).map(output.row)
        }
        let all = multiply(input, rows: 40, threads: 1)
        #expect(multiply(input, rows: 40, threads: 3) == all)
        for row in 0..<40 {
            #expect(multiply(Activation(elements: [input.row(row)]), rows: 1, threads: 2)[0] == all[row])
        }
        for count in 1..<40 {
            #expect(multiply(input, rows: count, threads: 1) == Array(all.prefix(count)))
        }
    }

    @Test("Numbers are rounded to nearest, ties to even, and an embedding row is its rounded numbers")
    func rounding() {
        // 1 + 2^-8 lies half-way between 1 and 1 + 2^-7; 1 + 3 * 2^-8 half-way between 1 + 2^-7 and 1 + 2^-6.
        let numbers: [Float] = [1, 1.00390625, 1.01171875, 1.004, -1.00390625, 0, 3.3e38, -.infinity]
        let expected: [Float] = [1, 1, 1.015625, 1.0078125, -1, 0, rounded(3.3e38), -.infinity]
        let output = Activation(rowCapacity: 1, columns: numbers.count)
        let weight = Weight.bfloat16(PackedBFloat16(Matrix(columns: numbers.count, elements: numbers + numbers)))
        output.copyRow(0, from: weight, row: 1)
        #expect(output.row(0) == expected)
    }

    @Test("Work is shared out so that every piece is done once", arguments: [1, 2, 3, 5])
    func pieces(threads: Int) {
        var generator = SeededGenerator(seed: 5)
        let workers = Workers(count: threads)
        let gain = Matrix(columns: 64, elements: [Float](repeating: 1, count: 64))
        for round in 0..<300 {
            let rows = Int.random(in: 1...700, using: &generator)
            let input = Activation(elements: (0..<rows).map { [Float](repeating: Float($0 + round + 1), count: 64) })
            RMSNorm.forward(heads: input, gain: gain, epsilon: 1e-12, rows: rows, on: workers)
            #expect((0..<rows).allSatisfy { abs(input.row($0)[round % 64] - 1) < 1e-5 })
        }
    }

    private func rounded(_ value: Float) -> Float {
        guard value.isFinite else { return value }
        let bits = value.bitPattern
        return Float(bitPattern: (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    private func randomMatrix(_ rows: Int, _ columns: Int, using generator: inout SeededGenerator) -> Matrix {
        Matrix(
            columns: columns,
            elements: (0..<rows * columns).map { _ in Float.random(in: -1...1, using: &generator) })
    }
}
