/// An immutable float32 matrix, `[rows, columns]`, row-major: a weight.
///
/// A vector is a matrix of one row. Rows start on a 64-byte boundary only where `columns` is a multiple of 16.
// Sendable although it holds a pointer: the elements are written only in `init`, and by the `TrainableMatrix` that a trainer
// makes of a matrix that no other thread has.
package final class Matrix: @unchecked Sendable {
    /// At least 1: the outputs of a linear layer, or the tokens of an embedding.
    package let rows: Int
    /// At least 1: the inputs of a linear layer, or the channels of an embedding.
    package let columns: Int
    let elements: UnsafeBufferPointer<Float>

    /// Allocates `[rows, columns]` zeros and lets `fill` write them, row-major.
    package init<Failure: Error>(
        rows: Int, columns: Int, fill: (UnsafeMutableBufferPointer<Float>) throws(Failure) -> Void
    ) throws(Failure) {
        precondition(rows > 0 && columns > 0, "a matrix of \(rows) rows and \(columns) columns")
        self.rows = rows
        self.columns = columns
        let storage = allocate(Float.self, count: rows * columns)
        elements = UnsafeBufferPointer(storage)
        try fill(storage)
    }

    /// Reads and decodes a stored matrix, on all processors at once.
    ///
    /// - Throws: `unreadable`; `outOfRange` for a weight that is not finite.
    package convenience init<Failure>(_ stored: StoredMatrix<Failure>) throws(StoredMatrixError<Failure>) {
        let columns = stored.columns
        try self.init(rows: stored.rows, columns: columns) { storage throws(StoredMatrixError<Failure>) in
            // Each piece writes rows of its own.
            nonisolated(unsafe) let storage = storage
            try stored.readRows(inMultiplesOf: 1) { piece throws(WeightOutOfRange) in
                let elements = storage[piece.range.lowerBound * columns..<piece.range.upperBound * columns]
                try piece.decode(
                    piece.range, into: UnsafeMutableBufferPointer(rebasing: elements),
                    limit: .greatestFiniteMagnitude)
            }
        }
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

    /// The same numbers in memory of their own.
    package var copied: Matrix {
        Matrix(rows: rows, columns: columns) { _ = $0.update(fromContentsOf: elements) }
    }

    /// Every number times a factor.
    package func scaled(by factor: Float) -> Matrix {
        Matrix(rows: rows, columns: columns) { scaled in
            for index in elements.indices { scaled[index] = elements[index] * factor }
        }
    }

    deinit {
        elements.deallocate()
    }
}

/// `count` numbers on a 64-byte boundary (a cache line, and an AVX-512 register).
func allocate<Number: AdditiveArithmetic>(
    _ type: Number.Type, count: Int, isZeroed: Bool = true
) -> UnsafeMutableBufferPointer<Number> {
    let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(count, 1) * MemoryLayout<Number>.stride, alignment: 64)
    let numbers = bytes.bindMemory(to: type)
    if isZeroed {
        numbers.initialize(repeating: .zero)
    }
    return UnsafeMutableBufferPointer(rebasing: numbers[..<count])
}
