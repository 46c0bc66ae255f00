/// A weight that training changes: the matrix that products read, and the only way to write it.
///
/// It belongs to one thread, as does whatever reads its matrix: it is not `Sendable`.
package final class TrainableMatrix {
    /// What products read, `[rows, columns]`; its elements change.
    package let matrix: Matrix

    /// Takes over a matrix that nobody else reads.
    package init(_ matrix: Matrix) {
        self.matrix = matrix
    }

    /// Zeros, `[rows, columns]`.
    package convenience init(rows: Int, columns: Int) {
        self.init(Matrix(rows: rows, columns: columns) { _ in })
    }

    /// Its numbers.
    package var count: Int { matrix.elements.count }

    /// All elements, row-major, to be written: for kernels alone, and no longer than the call that they are passed to.
    package var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(mutating: matrix.elements) }

    /// Where a row begins: as ``elements``.
    package func pointer(toRow row: Int) -> UnsafeMutablePointer<Float> {
        UnsafeMutablePointer(mutating: matrix.pointer(toRow: row))
    }

    /// Makes every element 0.
    package func clear() {
        elements.update(repeating: 0)
    }
}
