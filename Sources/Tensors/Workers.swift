import CKernels

/// The threads and the instruction set that compute what is not OpenBLAS's, with the scratch that they need.
///
/// It belongs to one thread: it is not `Sendable`.
package final class Workers {
    private let pool: WorkerPool
    let kernels: grace_kernels
    /// Inputs rounded to bfloat16.
    private var rounded: UnsafeMutableBufferPointer<UInt16>

    /// Starts `count` threads, of which the caller's is one.
    package init(count: Int, kernels: Kernels = .chosen) {
        pool = WorkerPool(workerCount: count)
        self.kernels = kernels.native
        rounded = allocate(UInt16.self, count: 0)
    }

    /// The most pieces that work is cut into.
    var pieceCount: Int { pool.pieceCount }

    /// Cuts `0..<count` into at most `pieceCount` ranges and runs them on all threads. What is less work than waking a
    /// thread is (`cost` is in multiplications, about) runs on the caller's alone.
    func run(_ count: Int, cost: Int, _ work: (_ piece: Int, Range<Int>) -> Void) {
        if cost < 20_000 {
            if count > 0 { work(0, 0..<count) }
        } else {
            pool.run(count, work)
        }
    }

    /// `output = input x weight^T`, for the first `rows` rows.
    ///
    /// With bfloat16 weights a row's bits depend on that row alone, not on how many there are or on the threads.
    /// - Parameters:
    ///   - input: `[rows, inputs]`
    ///   - output: `[rows, outputs]`
    package func multiply(_ input: Activation, byTransposeOf weight: Weight, into output: Activation, rows: Int) {
        switch weight {
        case .float32(let matrix):
            BLAS.multiply(input, byTransposeOf: matrix, into: output, rows: rows)
        case .bfloat16(let packed):
            multiply(input, by: packed, into: output, rows: rows)
        }
    }

    private func multiply(_ input: Activation, by weight: PackedBFloat16, into output: Activation, rows: Int) {
        precondition(input.columns == weight.columns, "inputs of \(input.columns), a weight for \(weight.columns)")
        precondition(output.columns == weight.rows, "outputs of \(output.columns), a weight for \(weight.rows)")
        precondition(rows <= input.rowCapacity && rows <= output.rowCapacity, "\(rows) rows do not fit")
        guard rows > 0 else { return }
        let count = rows * ((weight.columns + 1) / 2 * 2)
        if rounded.count < count {
            rounded.deallocate()
            rounded = allocate(UInt16.self, count: count)
        }
        grace_bf16_round_rows(
            kernels, input.pointer(toRow: 0), rows, weight.columns, input.columns, rounded.baseAddress)
        pool.run(weight.panelCount) { _, panels in
            grace_bf16_multiply(
                kernels, weight.pointer, rounded.baseAddress, output.pointer(toRow: 0), rows, weight.rows,
                weight.columns, panels.lowerBound, panels.upperBound)
        }
    }

    deinit {
        rounded.deallocate()
    }
}
