import Dispatch

/// Some rows of a stored matrix, read into memory but not decoded yet.
struct StoredRows {
    /// The rows, in the order of the weight.
    let range: Range<Int>
    let columns: Int
    let fourBitBlocks: FourBitBlocks?
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate let firstStoredRow: Int
    fileprivate let rowSize: Int
    fileprivate let order: StoredRowOrder
    fileprivate let decoder: (UnsafeRawBufferPointer, UnsafeMutableBufferPointer<Float>) -> Void

    func bytes(ofRow row: Int) -> UnsafeRawBufferPointer {
        let start = (order.storedRow(of: row) - firstStoredRow) * rowSize
        return UnsafeRawBufferPointer(rebasing: bytes[start..<start + rowSize])
    }

    /// `[rows.count, columns]`
    ///
    /// - Throws: the first weight whose magnitude is not at most `limit`.
    func decode(
        _ rows: Range<Int>, into output: UnsafeMutableBufferPointer<Float>, limit: Float
    ) throws(WeightOutOfRange) {
        for (index, row) in rows.enumerated() {
            let place = UnsafeMutableBufferPointer(rebasing: output[index * columns..<(index + 1) * columns])
            decoder(bytes(ofRow: row), place)
            if let column = place.firstIndex(beyond: limit) {
                throw WeightOutOfRange(row: row, column: column, value: place[column], limit: limit)
            }
        }
    }
}

extension StoredMatrix {
    /// Reads all rows and calls `body` with pieces of them, on all processors at once; all pieces but the last are
    /// multiples of `step` rows.
    ///
    /// - Throws: of all errors that of the first rows.
    func readRows(
        inMultiplesOf step: Int, _ body: @Sendable (StoredRows) throws(WeightOutOfRange) -> Void
    ) throws(StoredMatrixError<Failure>) {
        // Whole groups, for a group that two pieces share is read twice.
        let step = (order.rowsPerGroup + step - 1) / step * step
        // Pieces of about 256 KiB of float32: small enough to share out, large enough to be worth a dispatch.
        let rowsPerPiece = max(1, (1 << 16) / (columns * step)) * step
        let pieceCount = (rows + rowsPerPiece - 1) / rowsPerPiece
        var errors = [StoredMatrixError<Failure>?](repeating: nil, count: pieceCount)
        errors.withUnsafeMutableBufferPointer { errors in
            // Each piece writes an error of its own.
            nonisolated(unsafe) let errors = errors
            DispatchQueue.concurrentPerform(iterations: pieceCount) { piece in
                let range = piece * rowsPerPiece..<min(rows, (piece + 1) * rowsPerPiece)
                do throws(StoredMatrixError<Failure>) {
                    try readRows(range, body)
                } catch {
                    errors[piece] = error
                }
            }
        }
        if let error = errors.lazy.compactMap({ $0 }).first { throw error }
    }

    private func readRows(
        _ range: Range<Int>, _ body: (StoredRows) throws(WeightOutOfRange) -> Void
    ) throws(StoredMatrixError<Failure>) {
        let group = order.rowsPerGroup
        let stored = range.lowerBound / group * group..<min(rows, (range.upperBound + group - 1) / group * group)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: stored.count * rowSize, alignment: 64)
        defer { bytes.deallocate() }
        do throws(Failure) {
            try read(stored, bytes)
        } catch {
            throw .unreadable(error)
        }
        let piece = StoredRows(
            range: range, columns: columns, fourBitBlocks: fourBitBlocks, bytes: UnsafeRawBufferPointer(bytes),
            firstStoredRow: stored.lowerBound, rowSize: rowSize, order: order, decoder: decode)
        do throws(WeightOutOfRange) {
            try body(piece)
        } catch {
            throw .outOfRange(error)
        }
    }
}

extension UnsafeMutableBufferPointer<Float> {
    /// The place of the first element that is not a number or whose magnitude is over `limit`.
    fileprivate func firstIndex(beyond limit: Float) -> Int? {
        // Without their signs, floats are ordered as their bits are; infinities and NaNs come last. The largest is found
        // without a branch.
        let magnitude = UInt32.max >> 1
        var largest: UInt32 = 0
        for element in self {
            largest = Swift.max(largest, element.bitPattern & magnitude)
        }
        guard largest > limit.bitPattern else { return nil }
        return firstIndex { $0.bitPattern & magnitude > limit.bitPattern }
    }
}
