import COpenBLAS

/// The only caller of OpenBLAS.
package enum BLAS {
    /// Lets every product use this many threads.
    package static func useThreads(_ count: Int) {
        openblas_set_num_threads(Int32(clamping: count))
    }

    /// The name of the kernels that OpenBLAS uses, for example `SkylakeX`.
    package static var kernelName: String {
        guard let name = openblas_get_corename() else { return "unknown" }
        return String(cString: name)
    }

    /// `output = input x weight^T`, for the first `rows` rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, inputs]`
    ///   - weight: `[outputs, inputs]`, a linear layer as checkpoints store it.
    ///   - output: `[rows, outputs]`
    package static func multiply(_ input: Activation, byTransposeOf weight: Matrix, into output: Activation, rows: Int)
    {
        precondition(input.columns == weight.columns, "inputs of \(input.columns), a weight for \(weight.columns)")
        precondition(output.columns == weight.rows, "outputs of \(output.columns), a weight for \(weight.rows)")
        precondition(rows <= input.rowCapacity && rows <= output.rowCapacity, "\(rows) rows do not fit")
        guard rows > 0 else { return }
        if rows == 1 {
            // A product with one row reads the weight once; sgemv streams it, where sgemm would first copy it.
            cblas_sgemv(
                CblasRowMajor, CblasNoTrans, Int32(weight.rows), Int32(weight.columns), 1, weight.pointer(toRow: 0),
                Int32(weight.columns), input.pointer(toRow: 0), 1, 0, output.pointer(toRow: 0), 1)
            return
        }
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(weight.rows), Int32(weight.columns), 1,
            input.pointer(toRow: 0), Int32(input.columns), weight.pointer(toRow: 0), Int32(weight.columns), 0,
            output.pointer(toRow: 0), Int32(output.columns))
    }
}
