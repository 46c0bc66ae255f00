/// An immutable float32 matrix, `[rows, columns]`, row-major: a weight.
///
/// A vector is a matrix of one row. Rows start on a 64-byte boundary only where `columns` is a multiple of 16.
// Sendable although it holds a pointer: the elements are written only in `init`.
package final class Matrix: @unchecked Sendable {
    package let rows: Int
    package let columns: Int
    let elements: UnsafeBufferPointer<Float>

    /// Allocates `[rows, columns]` zeros and lets `fill` write them, row-major.
    package init<Failure: Error>(
        rows: Int, columns: Int, fill: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(rows > 0 && columns > 0, "a matrix of \(rows) rows and \(columns) columns")
        self.rows = rows
        self.columns = columns
        let storage = allocateFloats(rows * columns)
        elements = UnsafeBufferPointer(storage)
        try fill(storage)
    }

    /// A matrix of the given elements, row-major; their number must be a multiple of `columns`.
    package convenience init(columns: Int, elements: [Float]) {
        precondition(elements.count % columns == 0, "\(elements.count) elements in rows of \(columns)")
        self.init(rows: elements.count / columns, columns: columns) { storage in
            _ = storage.update(from: elements)
        }
    }

    /// A copy of one row.
    package func row(_ index: Int) -> [Float] {
        Array(elements[index * columns..<(index + 1) * columns])
    }

    deinit {
        elements.deallocate()
    }
}

/// `count` zeroed floats on a 64-byte boundary (a cache line, and an AVX-512 register).
func allocateFloats(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
    let floats = bytes.bindMemory(to: Float.self)
    floats.initialize(repeating: 0)
    return UnsafeMutableBufferPointer(rebasing: floats[..<count])
}
