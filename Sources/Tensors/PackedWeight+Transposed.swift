extension PackedWeight {
    /// The same numbers the other way round, `[inputs, outputs]`: what gradients are multiplied with on the way back.
    ///
    /// - Precondition: the format is bfloat16, which holds each number again as it is.
    package func transposed() -> PackedWeight {
        precondition(format == .bfloat16, "a format in which a number depends on its neighbours")
        let matrix = Matrix(rows: columns, columns: rows) { elements in
            // Some rows at a time become neighbours: one by one, each number would be in a cache line of its own.
            let blockRows = 16
            let block = allocate(Float.self, count: blockRows * columns, isZeroed: false)
            defer { block.deallocate() }
            for first in stride(from: 0, to: rows, by: blockRows) {
                let count = min(blockRows, rows - first)
                for row in 0..<count {
                    guard let place = block.baseAddress else { continue }
                    copyRow(first + row, into: place + row * columns)
                }
                for column in 0..<columns {
                    for row in 0..<count {
                        elements[column * rows + first + row] = block[row * columns + column]
                    }
                }
            }
        }
        do throws(StoredMatrixError<Never>) {
            guard case .packed(let transposed) = try Weight(matrix, packedAs: .bfloat16) else {
                preconditionFailure("packed weights are packed")
            }
            return transposed
        } catch {
            preconditionFailure("numbers that were in range are in range")
        }
    }
}
