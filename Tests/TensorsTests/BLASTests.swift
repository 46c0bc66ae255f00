import Tensors
import TestSupport
import Testing

@Suite("BLAS")
struct BLASTests {
    @Test("A product with a transposed weight, by hand")
    func literal() {
        let weight = Matrix(columns: 2, elements: [5, 6, 7, 8, -1, 0])
        let output = Activation(rowCapacity: 2, columns: 3)
        BLAS.multiply(Activation(elements: [[1, 2], [3, 4]]), byTransposeOf: weight, into: output, rows: 2)
        #expect(output.allRows == [[17, 23, -1], [39, 53, -3]])
    }

    @Test(
        "Products of all shapes equal plain loops",
        arguments: [
            (1, 1, 1), (1, 7, 5), (1, 130, 33), (1, 513, 1), (2, 3, 4), (3, 1, 1), (5, 17, 9), (33, 64, 48),
            (64, 129, 65), (100, 31, 257),
        ])
    func shapes(rows: Int, inputs: Int, outputs: Int) {
        var generator = SeededGenerator(seed: UInt64(rows * 1_000_000 + inputs * 1000 + outputs))
        let input = randomRows(rows, inputs, using: &generator)
        let weight = randomRows(outputs, inputs, using: &generator)
        let output = Activation(rowCapacity: rows, columns: outputs)
        BLAS.multiply(
            Activation(elements: input), byTransposeOf: Matrix(columns: inputs, elements: weight.flatMap { $0 }),
            into: output, rows: rows)
        let expected = Reference.product(input, byTransposeOf: weight)
        #expect(relativeL2(output.allRows.flatMap { $0 }, expected.flatMap { $0 }) <= 1e-5)
    }

    @Test("Only the rows asked for are written", arguments: [0, 1, 2])
    func rowsAskedFor(rows: Int) {
        let output = Activation(elements: [[9], [9], [9]])
        BLAS.multiply(
            Activation(elements: [[1, 2], [3, 4], [5, 6]]), byTransposeOf: Matrix(columns: 2, elements: [1, 1]),
            into: output, rows: rows)
        #expect(output.allRows == (0..<3).map { row in row < rows ? [[3], [7], [11]][row] : [9] })
    }

    @Test("What an output held before does not matter, not even NaN", arguments: [1, 2])
    func overwritten(rows: Int) {
        let output = Activation(elements: [[.nan, .infinity], [.nan, .nan]])
        BLAS.multiply(
            Activation(elements: [[1], [2]]), byTransposeOf: Matrix(columns: 1, elements: [3, 4]), into: output,
            rows: rows)
        #expect(output.row(0) == [3, 4])
    }
}
