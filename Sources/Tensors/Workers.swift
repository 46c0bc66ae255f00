import CKernels

/// The threads and the instruction set that compute what is not OpenBLAS's, with the scratch that they need.
///
/// It belongs to one thread: it is not `Sendable`.
package final class Workers {
    private let pool: WorkerPool
    /// The instruction set.
    package let kernels: grace_kernels
    /// Inputs as the kernels of packed weights take them.
    private var rounded = Scratch()
    private var quantized = Scratch()
    /// Scores of the rows that attention has at work: as much as the longest sequence met takes, not the longest that the
    /// model allows.
    var scores = Scratch()

    /// Starts `count` threads, of which the caller's is one.
    package init(count: Int, kernels: Kernels = .chosen) {
        pool = WorkerPool(workerCount: count)
        self.kernels = kernels.native
    }

    /// The most pieces that work is cut into.
    package var pieceCount: Int { pool.pieceCount }

    /// Cuts `0..<count` into at most `pieceCount` ranges and runs them on all threads. What is less work than waking a
    /// thread is (`cost` is in multiplications, about) runs on the caller's alone.
    package func run(_ count: Int, cost: Int, _ work: (_ piece: Int, Range<Int>) -> Void) {
        if cost < 20_000 {
            if count > 0 { work(0, 0..<count) }
        } else {
            pool.run(count, work)
        }
    }

    /// `output = input x weight^T`, for the first `rows` rows.
    ///
    /// With packed weights a row's bits depend on that row alone, not on how many there are or on the threads.
    /// - Parameters:
    ///   - input: `[rows, inputs]`
    ///   - output: `[rows, outputs]`
    package func multiply(_ input: Activation, byTransposeOf weight: Weight, into output: Activation, rows: Int) {
        multiply(input, byTransposesOf: [(weight, output)], rows: rows)
    }

    /// The same with several weights at once: the input is rounded once, and the threads meet once.
    package func multiply(
        _ input: Activation, byTransposesOf products: [(weight: Weight, output: Activation)], rows: Int
    ) {
        guard rows > 0 else { return }
        var packed: [PackedProduct] = []
        for (weight, output) in products {
            precondition(input.columns == weight.columns, "inputs of \(input.columns), a weight for \(weight.columns)")
            precondition(output.columns == weight.rows, "outputs of \(output.columns), a weight for \(weight.rows)")
            precondition(rows <= input.rowCapacity && rows <= output.rowCapacity, "\(rows) rows do not fit")
            switch weight {
            case .float32(let matrix):
                BLAS.multiply(input, byTransposeOf: matrix, into: output, rows: rows)
            case .packed(let weight):
                let prepared = preparedInput(input, rows: rows, for: weight.format.input, after: packed)
                packed.append(
                    PackedProduct(
                        weight: weight, input: prepared, output: output.pointer(toRow: 0),
                        firstPanel: packed.last?.panels.upperBound ?? 0))
            }
        }
        pool.run(packed.last?.panels.upperBound ?? 0) { _, panels in
            for product in packed {
                let own = panels.clamped(to: product.panels)
                guard !own.isEmpty else { continue }
                product.weight.multiply(
                    product.input, count: rows,
                    panels: own.lowerBound - product.panels.lowerBound..<own.upperBound - product.panels.lowerBound,
                    into: product.output, kernels)
            }
        }
    }

    /// Panels of one product among those of all products that are computed together.
    private struct PackedProduct {
        let weight: PackedWeight
        let input: UnsafeRawPointer
        let output: UnsafeMutablePointer<Float>
        let panels: Range<Int>

        init(weight: PackedWeight, input: UnsafeRawPointer, output: UnsafeMutablePointer<Float>, firstPanel: Int) {
            self.weight = weight
            self.input = input
            self.output = output
            panels = firstPanel..<firstPanel + weight.panelCount
        }
    }

    /// The input as a format takes it; that of an earlier product that takes the same.
    private func preparedInput(
        _ input: Activation, rows: Int, for kind: PackedFormat.Input, after products: [PackedProduct]
    ) -> UnsafeRawPointer {
        if let product = products.first(where: { $0.weight.format.input == kind }) { return product.input }
        let size = rows * kind.rowSize(columns: input.columns)
        let place =
            switch kind {
            case .rounded: rounded.reserve(size)
            case .quantized: quantized.reserve(size)
            }
        // A number takes about as long as two multiplications.
        run(rows, cost: rows * input.columns * 2) { _, rows in
            kind.prepare(input, rows: rows, into: place, kernels)
        }
        return UnsafeRawPointer(place)
    }
}
