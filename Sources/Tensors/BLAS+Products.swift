import COpenBLAS

extension BLAS {
    /// A factor of a product: rows of float32, `stride` elements apart.
    package struct Factor {
        let elements: UnsafePointer<Float>
        let stride: Int
        let isTransposed: Bool

        /// - Parameter isTransposed: whether the product takes the rows for columns.
        package init(_ elements: UnsafePointer<Float>, stride: Int, isTransposed: Bool = false) {
            self.elements = elements
            self.stride = stride
            self.isTransposed = isTransposed
        }
    }

    /// `product = scale * first x second`, or with what is there already added to it: `[rows, columns]`, over `inner`.
    ///
    /// - Parameters:
    ///   - product: rows `stride` elements apart.
    ///   - isAdded: whether to add to what is there.
    package static func multiply(
        _ first: Factor, _ second: Factor, rows: Int, columns: Int, inner: Int, scale: Float = 1,
        into product: UnsafeMutablePointer<Float>, stride: Int, isAdded: Bool = false
    ) {
        guard rows > 0, columns > 0, inner > 0 else { return }
        cblas_sgemm(
            CblasRowMajor, first.isTransposed ? CblasTrans : CblasNoTrans,
            second.isTransposed ? CblasTrans : CblasNoTrans, Int32(rows), Int32(columns), Int32(inner), scale,
            first.elements, Int32(first.stride), second.elements, Int32(second.stride), isAdded ? 1 : 0, product,
            Int32(stride))
    }

    /// Runs products that are small and many: each on the thread that asks for it.
    package static func onCallersThread<Result>(_ run: () -> Result) -> Result {
        let threads = openblas_get_num_threads()
        openblas_set_num_threads(1)
        defer { openblas_set_num_threads(threads) }
        return run()
    }
}
