import Tensors
import TestSupport
import Testing

@Suite("Products with weights of few inputs")
struct NarrowProductTests {
    static let shapes: [(rows: Int, outputs: Int, inputs: Int)] = [
        (1, 1, 1), (1, 16, 2), (2, 17, 16), (3, 100, 8), (4, 31, 3), (5, 64, 5), (9, 40, 64), (33, 130, 7),
    ]

    /// What a format leaves of a number.
    private func stored(_ value: Float, _ format: NarrowWeight.Format) -> Float {
        switch format {
        case .float32: value
        case .bfloat16: roundedToBFloat16(value)
        }
    }

    private func weight(_ rows: [[Float]], _ format: NarrowWeight.Format) -> NarrowWeight {
        NarrowWeight(Matrix(columns: rows[0].count, elements: rows.flatMap { $0 }), as: format)
    }

    @Test(
        "On every instruction set what is added are the products of the stored numbers in double precision",
        arguments: NarrowWeight.Format.allCases, shapes)
    func products(format: NarrowWeight.Format, shape: (rows: Int, outputs: Int, inputs: Int)) {
        var generator = SeededGenerator(seed: UInt64(shape.rows * 1000 + shape.outputs))
        let numbers = randomRows(shape.outputs, shape.inputs, using: &generator)
        let weight = weight(numbers, format)
        #expect(weight.byteCount == format.byteCount(outputs: shape.outputs, inputs: shape.inputs))
        // The inputs stand between those of others.
        let input = Activation.random(rows: shape.rows, columns: shape.inputs + 5, using: &generator)
        let before = Activation.random(rows: shape.rows, columns: shape.outputs, using: &generator)
        let expected = zip(input.allRows, before.allRows).flatMap { row, before in
            zip(numbers, before).map { output, before in
                Float(
                    zip(row[3...], output).reduce(Double(before)) { sum, pair in
                        sum + Double(pair.0) * Double(stored(pair.1, format))
                    })
            }
        }
        for kernels in Kernels.available {
            let output = Activation(elements: before.allRows)
            Workers(count: 2, kernels: kernels).add(
                [NarrowProduct(input: input, firstColumn: 3, weight: weight, output: output)], rows: shape.rows)
            #expect(relativeL2(output.allRows.flatMap { $0 }, expected) <= 1e-6, "\(kernels)")
        }
    }

    @Test(
        "A row has the same bits alone, among others and on any number of threads",
        arguments: NarrowWeight.Format.allCases, Kernels.available)
    func invariance(format: NarrowWeight.Format, kernels: Kernels) {
        var generator = SeededGenerator(seed: 3)
        let weight = weight(randomRows(3000, 9, using: &generator), format)
        let input = Activation.random(rows: 23, columns: 9, using: &generator)
        func add(_ input: Activation, rows: Int, threads: Int) -> [[Float]] {
            let output = Activation(elements: [[Float]](repeating: [Float](repeating: 0.3, count: 3000), count: rows))
            Workers(count: threads, kernels: kernels).add(
                [NarrowProduct(input: input, firstColumn: 0, weight: weight, output: output)], rows: rows)
            return output.allRows
        }
        let all = add(input, rows: 23, threads: 1)
        #expect(add(input, rows: 23, threads: 3) == all)
        for row in 0..<23 {
            #expect(add(Activation(elements: [input.row(row)]), rows: 1, threads: 2)[0] == all[row])
        }
        for count in 1..<23 {
            #expect(add(input, rows: count, threads: 1) == Array(all.prefix(count)))
        }
    }

    @Test("Several products at once add what each adds alone, and nothing beyond the rows", arguments: [1, 4, 9])
    func together(rows: Int) {
        var generator = SeededGenerator(seed: 7)
        let input = Activation.random(rows: 9, columns: 30, using: &generator)
        let formats: [NarrowWeight.Format] = [.float32, .bfloat16, .bfloat16]
        let weights = zip([2000, 1, 777], formats).map { outputs, format in
            weight(randomRows(outputs, 10, using: &generator), format)
        }
        let workers = Workers(count: 3)
        func product(_ index: Int) -> NarrowProduct {
            NarrowProduct(
                input: input, firstColumn: 10 * index, weight: weights[index],
                output: Activation(rowCapacity: 9, columns: weights[index].rows))
        }
        let together = weights.indices.map(product)
        workers.add(together, rows: rows)
        for index in weights.indices {
            let alone = product(index)
            workers.add([alone], rows: rows)
            #expect(together[index].output.allRows == alone.output.allRows)
            #expect(alone.output.allRows[rows...].allSatisfy { $0.allSatisfy { $0 == 0 } })
            #expect(alone.output.row(rows - 1).contains { $0 != 0 })
        }
    }
}
