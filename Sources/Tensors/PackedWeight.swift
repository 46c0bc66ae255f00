import CKernels

/// A linear layer's weight, `[outputs, inputs]`, packed for products with any number of rows.
// Sendable although it holds a pointer: the panels are written only in `init`.
package final class PackedWeight: @unchecked Sendable {
    /// What its numbers are.
    package let format: PackedFormat
    /// Outputs.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    private let panels: UnsafeMutableRawBufferPointer

    /// Reads and packs panel by panel, on all processors at once.
    ///
    /// - Throws: `unreadable`; `outOfRange` for a weight that is not finite, or more than the format holds.
    package init<Failure>(
        _ stored: StoredMatrix<Failure>, as format: PackedFormat
    ) throws(StoredMatrixError<Failure>) {
        self.format = format
        rows = stored.rows
        columns = stored.columns
        let panelRows = PackedFormat.panelRows
        let panelSize = format.panelSize(columns: stored.columns)
        let storage = UnsafeMutableRawBufferPointer.allocate(
            byteCount: format.byteCount(rows: stored.rows, columns: stored.columns), alignment: 64)
        panels = storage
        // Each piece writes panels of its own.
        nonisolated(unsafe) let place = storage.baseAddress
        try stored.readRows(inMultiplesOf: panelRows) { piece throws(WeightOutOfRange) in
            let scratch = allocate(Float.self, count: panelRows * piece.columns, isZeroed: false)
            defer { scratch.deallocate() }
            for first in stride(from: piece.range.lowerBound, to: piece.range.upperBound, by: panelRows) {
                guard let place else { preconditionFailure("a weight without storage") }
                try format.pack(
                    piece, rows: first..<min(first + panelRows, piece.range.upperBound), scratch: scratch,
                    into: place + first / panelRows * panelSize)
            }
        }
    }

    /// Bytes that the weight takes.
    package var byteCount: Int { panels.count }

    /// Panels of 32 outputs; the last may not be full.
    var panelCount: Int { (rows + PackedFormat.panelRows - 1) / PackedFormat.panelRows }

    /// Widens one row into a row of an activation: an embedding.
    func copyRow(_ row: Int, into output: UnsafeMutablePointer<Float>) {
        precondition(row >= 0 && row < rows, "row \(row) of \(rows)")
        let (panel, lane) = row.quotientAndRemainder(dividingBy: PackedFormat.panelRows)
        guard let first = panels.baseAddress else { preconditionFailure("a weight without storage") }
        format.unpack(
            first + panel * format.panelSize(columns: columns), lane: lane, columns: columns, into: output)
    }

    /// `output[count, rows] = input[count, columns] x weight^T` for some panels, with inputs as the format takes them.
    func multiply(
        _ input: UnsafeRawPointer, count: Int, panels range: Range<Int>, into output: UnsafeMutablePointer<Float>,
        _ kernels: grace_kernels
    ) {
        switch format {
        case .bfloat16:
            grace_bf16_multiply(
                kernels, panels.baseAddress, input.assumingMemoryBound(to: UInt16.self), output, count, rows, columns,
                range.lowerBound, range.upperBound)
        case .int8:
            grace_int8_multiply(
                kernels, panels.baseAddress, input.assumingMemoryBound(to: grace_quantized_group.self), output, count,
                rows, columns, range.lowerBound, range.upperBound)
        case .int4:
            grace_int4_multiply(
                kernels, panels.baseAddress, input.assumingMemoryBound(to: grace_quantized_group.self), output, count,
                rows, columns, range.lowerBound, range.upperBound)
        }
    }

    deinit {
        panels.deallocate()
    }
}
