extension Weight {
    /// A weight of a matrix in memory, `[outputs, inputs]`; without a format the matrix itself.
    ///
    /// - Throws: `outOfRange` for a number that the format does not hold.
    package init(_ matrix: Matrix, packedAs format: PackedFormat?) throws(StoredMatrixError<Never>) {
        guard let format else {
            self = .float32(matrix)
            return
        }
        let rowSize = matrix.columns * MemoryLayout<Float>.size
        let stored = StoredMatrix<Never>(
            rows: matrix.rows, columns: matrix.columns, rowSize: rowSize,
            decoder: { NumberFormats.decodeFloat32($0, into: $1) },
            reader: { rows, bytes in
                let all = UnsafeRawBufferPointer(matrix.elements)
                bytes.copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: all[rows.lowerBound * rowSize..<rows.upperBound * rowSize]))
            })
        self = .packed(try PackedWeight(stored, as: format))
    }
}
