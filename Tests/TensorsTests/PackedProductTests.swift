import Tensors
import TestSupport
import Testing

@Suite("Products with packed weights")
struct PackedProductTests {
    static let shapes: [(rows: Int, outputs: Int, inputs: Int)] = [
        (1, 1, 1), (1, 32, 2), (2, 33, 7), (3, 100, 64), (4, 31, 63), (5, 64, 65), (6, 95, 32), (7, 31, 128),
        (8, 48, 33), (12, 96, 66), (13, 40, 96), (25, 65, 40), (64, 128, 96), (65, 33, 200),
    ]

    @Test(
        "On every instruction set products equal those of the prepared numbers in double precision",
        arguments: PackedFormat.allCases, shapes)
    func products(format: PackedFormat, shape: (rows: Int, outputs: Int, inputs: Int)) {
        var generator = SeededGenerator(seed: UInt64(shape.rows * 1000 + shape.outputs))
        let weight = Weight(randomRows(shape.outputs, shape.inputs, using: &generator), packedAs: format)
        let input = Activation.random(rows: shape.rows, columns: shape.inputs, using: &generator)
        let widened = weight.widened
        let expected = input.allRows.flatMap { row in
            let prepared = preparedInput(row, for: format)
            return widened.map { output in
                Float(zip(prepared, output).reduce(0.0) { $0 + $1.0 * Double($1.1) })
            }
        }
        for kernels in Kernels.available {
            let found = Activation.product(
                input, byTransposeOf: weight, rows: shape.rows, threads: 2, kernels: kernels)
            #expect(relativeL2(found.flatMap { $0 }, expected) <= 2e-6, "\(kernels)")
        }
    }

    @Test(
        "A row has the same bits alone, among others and on any number of threads", arguments: PackedFormat.allCases,
        Kernels.available)
    func invariance(format: PackedFormat, kernels: Kernels) {
        var generator = SeededGenerator(seed: 3)
        let weight = Weight(randomRows(200, 130, using: &generator), packedAs: format)
        let input = Activation.random(rows: 40, columns: 130, using: &generator)
        func multiply(_ input: Activation, rows: Int, threads: Int) -> [[Float]] {
            Activation.product(input, byTransposeOf: weight, rows: rows, threads: threads, kernels: kernels)
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

    @Test(
        "Products of integers have the same bits on every instruction set", arguments: [PackedFormat.int8, .int4],
        shapes)
    func sameBits(format: PackedFormat, shape: (rows: Int, outputs: Int, inputs: Int)) {
        var generator = SeededGenerator(seed: UInt64(shape.inputs))
        // Scales far apart, so that the order of a sum shows.
        let weight = Weight(
            randomRows(shape.outputs, shape.inputs, using: &generator).map { row in row.map { $0 * $0 * $0 } },
            packedAs: format)
        let input = Activation(
            elements: randomRows(shape.rows, shape.inputs, using: &generator).map { row in
                row.enumerated().map { $1 * ($0 / 64 % 2 == 0 ? 1 : 1e-3) }
            })
        let expected = Activation.product(input, byTransposeOf: weight, rows: shape.rows, kernels: .portable)
        for kernels in Kernels.available {
            #expect(
                Activation.product(input, byTransposeOf: weight, rows: shape.rows, kernels: kernels) == expected,
                "\(kernels)")
        }
    }

    @Test("The largest integers do not overflow", arguments: [PackedFormat.int8, .int4], Kernels.available)
    func extremes(format: PackedFormat, kernels: Kernels) {
        let signs: [[Float]] = [[1, 1], [-1, 1], [1, -1], [-1, -1]]
        for sign in signs {
            // The first column spans the range of int4, whose quants would all be 0 otherwise.
            let row = [-sign[0]] + [Float](repeating: sign[0], count: 159)
            let weight = Weight([[Float]](repeating: row, count: 40), packedAs: format)
            let input = Activation(elements: [[Float](repeating: sign[1], count: 160)])
            let found = Activation.product(input, byTransposeOf: weight, rows: 1, kernels: kernels)[0]
            #expect(found.allSatisfy { abs($0 - 158 * sign[0] * sign[1]) <= 0.2 })
        }
    }

    @Test(
        "Several weights at once give what each gives alone",
        arguments: [nil, PackedFormat.bfloat16, .int8, .int4], [1, 9])
    func together(format: PackedFormat?, rows: Int) {
        var generator = SeededGenerator(seed: 7)
        let input = Activation.random(rows: rows, columns: 96, using: &generator)
        // The last is of another format: it needs another input, or another kernel.
        let formats = [format, format, format, .int8]
        let weights = zip([70, 32, 1, 45], formats).map { outputs, format in
            Weight(randomRows(outputs, 96, using: &generator), packedAs: format)
        }
        let outputs = weights.map { Activation(rowCapacity: rows, columns: $0.rows) }
        let workers = Workers(count: 3)
        workers.multiply(
            input, byTransposesOf: zip(weights, outputs).map { (weight: $0, output: $1) }, rows: rows)
        for (weight, output) in zip(weights, outputs) {
            let alone = Activation(rowCapacity: rows, columns: weight.rows)
            workers.multiply(input, byTransposeOf: weight, into: alone, rows: rows)
            #expect(output.allRows == alone.allRows)
        }
    }

    @Test("Rows of zeros give zeros, whatever stands beside them", arguments: PackedFormat.allCases, Kernels.available)
    func zeros(format: PackedFormat, kernels: Kernels) {
        var rows = [[Float]](repeating: [Float](repeating: 0, count: 70), count: 3)
        let weight = Weight([rows[0], [Float](repeating: 2, count: 70)], packedAs: format)
        rows[1][69] = 1
        let found = Activation.product(
            Activation(elements: rows), byTransposeOf: weight, rows: 3, kernels: kernels)
        #expect(found[0] == [0, 0])
        #expect(found[1][0] == 0 && abs(found[1][1] - 2) <= 1e-6)
        #expect(found[2] == [0, 0])
    }

    @Test(
        "An input that is not finite makes a row that is none, and no other", arguments: PackedFormat.allCases,
        Kernels.available)
    func notFinite(format: PackedFormat, kernels: Kernels) {
        var generator = SeededGenerator(seed: 9)
        let weight = Weight(randomRows(34, 100, using: &generator), packedAs: format)
        for bad in [Float.nan, .infinity, -.infinity] {
            var rows = randomRows(3, 100, using: &generator)
            rows[1][70] = bad
            let found = Activation.product(Activation(elements: rows), byTransposeOf: weight, rows: 3, kernels: kernels)
            #expect(found[1].allSatisfy { !$0.isFinite })
            for row in [0, 2] {
                #expect(found[row].allSatisfy { $0.isFinite })
            }
        }
    }

    @Test("Work is shared out so that every piece is done once", arguments: [1, 2, 3, 5])
    func pieces(threads: Int) {
        var generator = SeededGenerator(seed: 5)
        let workers = Workers(count: threads)
        let gain = Matrix(columns: 64, elements: [Float](repeating: 1, count: 64))
        for round in 0..<300 {
            let rows = Int.random(in: 1...700, using: &generator)
            let input = Activation(elements: (0..<rows).map { [Float](repeating: Float($0 + round + 1), count: 64) })
            RMSNorm.forward(heads: input, gain: gain, epsilon: 1e-12, into: input, rows: rows, on: workers)
            #expect((0..<rows).allSatisfy { abs(input.row($0)[round % 64] - 1) < 1e-5 })
        }
    }
}
