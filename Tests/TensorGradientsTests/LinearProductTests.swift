import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("The way back through linear layers")
struct LinearProductTests {
    private let shapes = [(1, 1, 1), (5, 3, 7), (17, 33, 9)]

    /// `[rows, columns]`
    private struct Table {
        let columns: Int
        let elements: [Float]

        init(_ rows: Int, _ columns: Int, _ generator: inout SeededGenerator) {
            self.columns = columns
            elements = random(rows * columns, using: &generator)
        }

        subscript(row: Int, column: Int) -> Double { Double(elements[row * columns + column]) }
        var activation: Activation { Activation(columns: columns, elements: elements) }
    }

    @Test("The input's gradient is written or added, to the columns that are asked for", arguments: [false, true])
    func inputGradient(isAdded: Bool) {
        for (rows, outputs, inputs) in shapes {
            var generator = SeededGenerator(seed: UInt64(rows))
            let gradient = Table(rows + 1, outputs, &generator)
            let weight = Table(outputs, inputs, &generator)
            let before = Table(rows + 1, inputs + 3, &generator)
            let found = before.activation
            LinearProduct.backward(
                gradient.activation, through: Matrix(columns: inputs, elements: weight.elements), scale: 1.5,
                into: found, firstColumn: 2, isAdded: isAdded, rows: rows)
            for row in 0...rows {
                for column in 0..<inputs + 3 {
                    var expected = before[row, column]
                    if row < rows, (2..<inputs + 2).contains(column) {
                        if !isAdded { expected = 0 }
                        for output in 0..<outputs {
                            expected += 1.5 * gradient[row, output] * weight[output, column - 2]
                        }
                    }
                    #expect(abs(Double(found.row(row)[column]) - expected) <= 1e-5)
                }
            }
        }
    }

    @Test("A weight in bfloat16 gives the input's gradient, too", arguments: [false, true])
    func packedInputGradient(isAdded: Bool) throws {
        let workers = Workers(count: 2)
        for (rows, outputs, inputs) in shapes + [(70, 50, 131)] {
            // Numbers that bfloat16 holds, so that sums alone are rounded.
            var generator = SeededGenerator(seed: UInt64(rows) + 2)
            let eighths = { (count: Int) in
                (0..<count).map { _ in Float(Int.random(in: -16...16, using: &generator)) / 8 }
            }
            let (gradient, weight, before) = (
                eighths(rows * outputs), eighths(outputs * inputs), eighths(rows * inputs)
            )
            let found = Activation(columns: inputs, elements: before)
            LinearProduct.backward(
                Activation(columns: outputs, elements: gradient),
                through: ReturnWeight(try Weight(Matrix(columns: inputs, elements: weight), packedAs: .bfloat16)),
                into: found, isAdded: isAdded, scratch: Activation(rowCapacity: rows, columns: inputs), rows: rows,
                on: workers)
            let expected = Activation(columns: inputs, elements: before)
            LinearProduct.backward(
                Activation(columns: outputs, elements: gradient),
                through: Matrix(columns: inputs, elements: weight), into: expected, isAdded: isAdded, rows: rows)
            #expect(found.all == expected.all)
        }
    }

    @Test("The weight's gradient is added, of the columns that it reads")
    func weightGradient() {
        for (rows, outputs, inputs) in shapes {
            var generator = SeededGenerator(seed: UInt64(rows) + 1)
            let gradient = Table(rows + 1, outputs, &generator)
            let input = Table(rows + 1, inputs + 3, &generator)
            let before = Table(outputs, inputs, &generator)
            let found = TrainableMatrix(columns: inputs, elements: before.elements)
            LinearProduct.backward(
                gradient.activation, from: input.activation, columns: 1..<inputs + 1, scale: -2, toWeight: found,
                rows: rows)
            for output in 0..<outputs {
                for column in 0..<inputs {
                    let product = (0..<rows).reduce(0.0) { $0 + gradient[$1, output] * input[$1, column + 1] }
                    let value = Double(found.all[output * inputs + column])
                    #expect(abs(value - (before[output, column] - 2 * product)) <= 1e-5)
                }
            }
        }
    }

    @Test("The bias's gradient is the sum over rows, and is added")
    func biasGradient() {
        for (rows, outputs, _) in shapes {
            var generator = SeededGenerator(seed: UInt64(rows) + 2)
            let gradient = Table(rows + 1, outputs, &generator)
            let before = random(outputs, using: &generator)
            for kernels in Kernels.available {
                let found = TrainableMatrix(columns: outputs, elements: before)
                LinearProduct.backward(
                    gradient.activation, toBias: found, rows: rows, on: Workers(count: 2, kernels: kernels))
                for output in 0..<outputs {
                    let expected = (0..<rows).reduce(Double(before[output])) { $0 + gradient[$1, output] }
                    #expect(abs(Double(found.all[output]) - expected) <= 1e-5)
                }
            }
        }
    }

    @Test("Of no rows nothing is written")
    func noRows() {
        let ones = Activation(columns: 2, elements: [1, 1])
        let weight = TrainableMatrix(columns: 2, elements: [1, 2, 3, 4])
        let bias = TrainableMatrix(columns: 2, elements: [5, 6])
        LinearProduct.backward(ones, through: weight.matrix, into: ones, rows: 0)
        LinearProduct.backward(ones, from: ones, toWeight: weight, rows: 0)
        LinearProduct.backward(ones, toBias: bias, rows: 0, on: Workers(count: 1))
        #expect(ones.all == [1, 1] && weight.all == [1, 2, 3, 4] && bias.all == [5, 6])
    }

    @Test("Rows of an embedding that come twice get both gradients")
    func embedding() {
        let gradient = Activation(columns: 2, elements: [1, 2, 3, 4, 5, 6])
        for kernels in Kernels.available {
            let embedding = TrainableMatrix(columns: 2, elements: [10, 10, 20, 20, 30, 30])
            embedding.addRows(of: gradient, to: [2, 0, 2], on: Workers(count: 2, kernels: kernels))
            #expect(embedding.all == [13, 14, 20, 20, 36, 38])
        }
    }

    @Test("Rows and vectors are added times a factor, and cleared")
    func rows() {
        let workers = Workers(count: 1)
        let found = Activation(columns: 3, elements: [1, 2, 3, 4, 5, 6])
        found.addRow(1, of: Activation(columns: 3, elements: [9, 9, 9, 1, 2, 3]), row: 1, factor: 2, on: workers)
        found.addVector([2, 4, 6], toRow: 0, factor: 0.5, on: workers)
        #expect(found.all == [2, 4, 6, 6, 9, 12])
        found.clear(rows: 1)
        #expect(found.all == [0, 0, 0, 6, 9, 12])
    }
}
