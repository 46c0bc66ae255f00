import CKernels
import Dispatch

/// A linear layer's weight, `[outputs, inputs]`, rounded to bfloat16 and packed for products with any number of rows.
// Sendable although it holds a pointer: the elements are written only in `init`.
package final class PackedBFloat16: @unchecked Sendable {
    /// Outputs.
    package let rows: Int
    /// Inputs.
    package let columns: Int
    private let elements: UnsafeMutableBufferPointer<UInt16>

    /// Rounds and packs, on all processors at once.
    package init(_ matrix: Matrix) {
        rows = matrix.rows
        columns = matrix.columns
        let storage = allocate(UInt16.self, count: grace_bf16_packed_count(matrix.rows, matrix.columns))
        elements = storage
        let panelSize = storage.count / panelCount
        // Each piece writes a panel of its own.
        nonisolated(unsafe) let target = storage
        DispatchQueue.concurrentPerform(iterations: panelCount) { panel in
            let place = UnsafeMutableBufferPointer(rebasing: target[panel * panelSize..<(panel + 1) * panelSize])
            grace_bf16_pack_panel(
                matrix.pointer(toRow: 0), matrix.rows, matrix.columns, panel, place.baseAddress)
        }
    }

    var panelCount: Int { (rows + Int(GRACE_BF16_PANEL) - 1) / Int(GRACE_BF16_PANEL) }

    var pointer: UnsafePointer<UInt16>? { UnsafePointer(elements.baseAddress) }

    /// Widens one row into a row of an activation: an embedding.
    func copyRow(_ row: Int, into output: UnsafeMutablePointer<Float>) {
        let panel = Int(GRACE_BF16_PANEL)
        let pairs = (columns + 1) / 2
        let (index, lane) = row.quotientAndRemainder(dividingBy: panel)
        for column in 0..<columns {
            let (pair, half) = column.quotientAndRemainder(dividingBy: 2)
            let bits = elements[((index * pairs + pair) * panel + lane) * 2 + half]
            output[column] = Float(bitPattern: UInt32(bits) << 16)
        }
    }

    deinit {
        elements.deallocate()
    }
}
