import CGradientKernels
import Tensors

/// The way back through `output = input x weight^T`, or through that times a scale.
package enum LinearProduct {
    /// `inputGradient = scale * outputGradient x weight`, for the first `rows` rows.
    ///
    /// - Parameters:
    ///   - outputGradient: `[rows, outputs]`
    ///   - weight: `[outputs, inputs]`
    ///   - inputGradient: `[rows, columns]`, of which as many columns as there are inputs are written.
    ///   - firstColumn: the first of them.
    ///   - isAdded: whether to add to what is there: an input that several layers read.
    package static func backward(
        _ outputGradient: Activation, through weight: Matrix, scale: Float = 1, into inputGradient: Activation,
        firstColumn: Int = 0, isAdded: Bool = false, rows: Int
    ) {
        precondition(outputGradient.columns == weight.rows, "shapes differ")
        precondition(firstColumn + weight.columns <= inputGradient.columns, "shapes differ")
        guard rows > 0 else { return }
        BLAS.multiply(
            .init(outputGradient.pointer(toRow: 0), stride: outputGradient.columns),
            .init(weight.pointer(toRow: 0), stride: weight.columns), rows: rows, columns: weight.columns,
            inner: weight.rows, scale: scale, into: inputGradient.pointer(toRow: 0) + firstColumn,
            stride: inputGradient.columns, isAdded: isAdded)
    }

    /// `weightGradient += scale * outputGradient^T x input`, over the first `rows` rows.
    ///
    /// - Parameter columns: those of the input that the weight reads; by default all.
    package static func backward(
        _ outputGradient: Activation, from input: Activation, columns: Range<Int>? = nil, scale: Float = 1,
        toWeight weightGradient: TrainableMatrix, rows: Int
    ) {
        let columns = columns ?? 0..<input.columns
        let shape = weightGradient.matrix
        precondition(columns.upperBound <= input.columns && columns.count == shape.columns, "shapes differ")
        precondition(outputGradient.columns == shape.rows, "shapes differ")
        guard rows > 0 else { return }
        BLAS.multiply(
            .init(outputGradient.pointer(toRow: 0), stride: outputGradient.columns, isTransposed: true),
            .init(input.pointer(toRow: 0) + columns.lowerBound, stride: input.columns), rows: shape.rows,
            columns: columns.count, inner: rows, scale: scale, into: weightGradient.pointer(toRow: 0),
            stride: shape.columns, isAdded: true)
    }

    /// `biasGradient += sum over rows of outputGradient`
    ///
    /// - Parameter biasGradient: `[1, outputs]`
    package static func backward(
        _ outputGradient: Activation, toBias biasGradient: TrainableMatrix, rows: Int, on workers: Workers
    ) {
        precondition(biasGradient.count == outputGradient.columns, "shapes differ")
        for row in 0..<rows {
            grace_add_scaled(
                workers.kernels, biasGradient.pointer(toRow: 0), outputGradient.pointer(toRow: row), 1,
                outputGradient.columns)
        }
    }
}

extension Activation {
    /// Makes the first `rows` rows 0.
    package func clear(rows: Int) {
        guard rows > 0 else { return }
        pointer(toRow: 0).update(repeating: 0, count: rows * columns)
    }

    /// Adds row `source` of another, times `factor`, to row `row`.
    package func addRow(
        _ row: Int, of other: Activation, row source: Int, factor: Float = 1, on workers: Workers
    ) {
        precondition(columns == other.columns, "shapes differ")
        grace_add_scaled(workers.kernels, pointer(toRow: row), other.pointer(toRow: source), factor, columns)
    }

    /// Adds the first `rows` rows of another to those of this one.
    package func add(_ other: Activation, rows: Int, on workers: Workers) {
        workers.run(rows, cost: rows * columns) { _, rows in
            for row in rows { addRow(row, of: other, row: row, on: workers) }
        }
    }

    /// Adds a vector, times `factor`, to row `row`.
    package func addVector(_ vector: [Float], toRow row: Int, factor: Float, on workers: Workers) {
        precondition(columns == vector.count, "shapes differ")
        grace_add_scaled(workers.kernels, pointer(toRow: row), vector, factor, columns)
    }
}

extension TrainableMatrix {
    /// Adds the first rows of gradients to the rows that they are of: the way back through an embedding.
    package func addRows(of gradient: Activation, to rows: [Int], on workers: Workers) {
        precondition(gradient.columns == matrix.columns, "shapes differ")
        for (index, row) in rows.enumerated() {
            grace_add_scaled(
                workers.kernels, pointer(toRow: row), gradient.pointer(toRow: index), 1, gradient.columns)
        }
    }
}
