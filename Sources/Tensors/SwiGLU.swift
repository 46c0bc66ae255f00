import CKernels

/// The gated activation of the feed-forward layer: `silu(gate) * up`.
package enum SwiGLU {
    /// Writes `gate * sigmoid(gate) * up` over `gate`, for the first `rows` rows of `[rows, channels]`.
    package static func forward(gate: Activation, up: Activation, rows: Int, on workers: Workers) {
        precondition(gate.columns == up.columns && rows <= gate.rowCapacity && rows <= up.rowCapacity, "shapes differ")
        // An exponential is worth about ten multiplications.
        workers.run(rows, cost: rows * gate.columns * 10) { _, rows in
            for row in rows {
                grace_swiglu(workers.kernels, gate.pointer(toRow: row), up.pointer(toRow: row), gate.columns)
            }
        }
    }
}
