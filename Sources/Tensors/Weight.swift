/// The weight of a linear layer, `[outputs, inputs]`, in the number format that its products are computed in.
package enum Weight: Sendable {
    /// Products by OpenBLAS.
    case float32(Matrix)
    /// Products by this package's kernels.
    case packed(PackedWeight)

    /// Reads a stored matrix; without a format as float32.
    ///
    /// - Throws: `unreadable`; `outOfRange` for a weight that is not finite, or more than the format holds.
    package init<Failure>(
        _ stored: StoredMatrix<Failure>, packedAs format: PackedFormat?
    ) throws(StoredMatrixError<Failure>) {
        self =
            if let format {
                .packed(try PackedWeight(stored, as: format))
            } else {
                .float32(try Matrix(stored))
            }
    }

    /// Outputs.
    package var rows: Int {
        switch self {
        case .float32(let matrix): matrix.rows
        case .packed(let packed): packed.rows
        }
    }

    /// Inputs.
    package var columns: Int {
        switch self {
        case .float32(let matrix): matrix.columns
        case .packed(let packed): packed.columns
        }
    }

    /// Its numbers, outputs times inputs.
    package var elementCount: Int { rows * columns }

    /// What it takes in memory, and a product reads of it.
    package var byteCount: Int {
        switch self {
        case .float32: Self.byteCount(rows: rows, columns: columns, packedAs: nil)
        case .packed(let packed): packed.byteCount
        }
    }

    /// What `[rows, columns]` would take in memory; without a format as float32.
    package static func byteCount(rows: Int, columns: Int, packedAs format: PackedFormat?) -> Int {
        format?.byteCount(rows: rows, columns: columns) ?? rows * columns * MemoryLayout<Float>.size
    }
}

extension Weight {
    /// Whether a row of a product depends on that row alone, to the bit, and not on how many rows there are.
    package var keepsRowsApart: Bool {
        switch self {
        case .float32: false
        case .packed: true
        }
    }
}

extension Activation {
    /// Copies one row of a weight, widened, into one row of this activation: an embedding.
    package func copyRow(_ index: Int, from weight: Weight, row: Int) {
        precondition(weight.columns == columns, "a row of \(weight.columns) into rows of \(columns)")
        switch weight {
        case .float32(let matrix): copyRow(index, from: matrix, row: row)
        case .packed(let packed): packed.copyRow(row, into: pointer(toRow: index))
        }
    }
}
