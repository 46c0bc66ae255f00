/// The weight of a linear layer, `[outputs, inputs]`, in the number format that its products are computed in.
package enum Weight: Sendable {
    /// Products by OpenBLAS.
    case float32(Matrix)
    /// Products by this package's kernels, with inputs rounded to bfloat16 and sums in float32.
    case bfloat16(PackedBFloat16)
}

extension Activation {
    /// Copies one row of a weight, widened, into one row of this activation: an embedding.
    package func copyRow(_ index: Int, from weight: Weight, row: Int) {
        switch weight {
        case .float32(let matrix):
            copyRow(index, from: matrix, row: row)
        case .bfloat16(let packed):
            precondition(packed.columns == columns && row >= 0 && row < packed.rows, "row \(row) of \(packed.rows)")
            packed.copyRow(row, into: pointer(toRow: index))
        }
    }
}
