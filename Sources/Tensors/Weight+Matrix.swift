extension Weight {
    /// A weight of a matrix in memory, `[outputs, inputs]`; without a format the matrix itself.
    package init(_ matrix: Matrix, packedAs format: PackedFormat?) {
        guard let format else {
            self = .float32(matrix)
            return
        }
        let stored = StoredMatrix(
            rows: matrix.rows, columns: matrix.columns, bytes: UnsafeRawBufferPointer(matrix.elements),
            decoder: { NumberFormats.decodeFloat32($0, into: $1) })
        self = .packed(withExtendedLifetime(matrix) { PackedWeight(stored, as: format) })
    }
}
