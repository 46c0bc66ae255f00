import CKernels

/// A mutable float32 matrix, `[rows, columns]`, row-major, of a fixed capacity of rows: what a forward pass writes.
///
/// It belongs to one thread: it is not `Sendable`.
package final class Activation {
    /// Elements of a row: there is no padding between rows.
    package let columns: Int
    /// Rows that there is memory for; operations say how many of them they use.
    package let rowCapacity: Int
    let elements: UnsafeMutableBufferPointer<Float>

    /// Allocates `[rowCapacity, columns]`.
    ///
    /// - Parameter isZeroed: false where every element is written before it is read: clearing a large piece of memory that
    ///   may not all be used takes time.
    package init(rowCapacity: Int, columns: Int, isZeroed: Bool = true) {
        precondition(rowCapacity >= 0 && columns > 0, "an activation of \(rowCapacity) rows and \(columns) columns")
        self.rowCapacity = rowCapacity
        self.columns = columns
        elements = allocate(Float.self, count: rowCapacity * columns, isZeroed: isZeroed)
    }

    /// A copy of one row.
    package func row(_ index: Int) -> [Float] {
        Array(elements[range(ofRow: index)])
    }

    /// Overwrites one row.
    package func setRow(_ index: Int, to values: [Float]) {
        precondition(values.count == columns, "\(values.count) values for a row of \(columns)")
        _ = UnsafeMutableBufferPointer(rebasing: elements[range(ofRow: index)]).update(from: values)
    }

    /// Copies one row of `source` into one row of this activation.
    package func copyRow(_ index: Int, from source: Matrix, row: Int) {
        precondition(source.columns == columns, "a row of \(source.columns) into rows of \(columns)")
        pointer(toRow: index).update(from: source.pointer(toRow: row), count: columns)
    }

    /// Copies `count` rows of `source` into this activation.
    package func copyRows(_ index: Int, from source: Activation, row: Int, count: Int) {
        precondition(source.columns == columns, "rows of \(source.columns) into rows of \(columns)")
        precondition(index + count <= rowCapacity && row + count <= source.rowCapacity, "rows out of range")
        guard count > 0 else { return }
        pointer(toRow: index).update(from: source.pointer(toRow: row), count: count * columns)
    }

    /// Adds one row to every one of the first `rows` rows: a bias.
    package func addToEachRow(_ bias: Matrix, rows: Int, on workers: Workers) {
        precondition(bias.rows == 1 && bias.columns == columns && rows <= rowCapacity, "shapes differ")
        workers.run(rows, cost: rows * columns) { _, rows in
            for row in rows {
                grace_add(workers.kernels, pointer(toRow: row), bias.pointer(toRow: 0), columns)
            }
        }
    }

    /// Adds one row, widened, to sums kept in double precision.
    package func accumulateRow(_ index: Int, into sums: inout [Double]) {
        precondition(sums.count == columns, "\(sums.count) sums for rows of \(columns)")
        let values = pointer(toRow: index)
        for column in 0..<columns {
            sums[column] += Double(values[column])
        }
    }

    /// Where a row begins: for kernels alone, and no longer than the call that it is passed to.
    package func pointer(toRow row: Int) -> UnsafeMutablePointer<Float> {
        elements.address(ofRow: row, columns: columns, rows: rowCapacity)
    }

    private func range(ofRow row: Int) -> Range<Int> {
        precondition(row >= 0 && row < rowCapacity, "row \(row) of \(rowCapacity)")
        return row * columns..<(row + 1) * columns
    }

    deinit {
        elements.deallocate()
    }
}

extension Matrix {
    /// Where a row begins: for kernels alone, and no longer than the call that it is passed to.
    package func pointer(toRow row: Int) -> UnsafePointer<Float> {
        UnsafePointer(UnsafeMutableBufferPointer(mutating: elements).address(ofRow: row, columns: columns, rows: rows))
    }
}

extension UnsafeMutableBufferPointer<Float> {
    fileprivate func address(ofRow row: Int, columns: Int, rows: Int) -> UnsafeMutablePointer<Float> {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        guard let baseAddress else { preconditionFailure("a matrix without storage") }
        return baseAddress + row * columns
    }
}
