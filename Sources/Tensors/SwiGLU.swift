import CKernels

/// The gated activation of the feed-forward layer: `silu(gate) * up`.
package enum SwiGLU {
    /// Writes `gate * sigmoid(gate) * up` for the first `rows` rows of `[rows, channels]`.
    ///
    /// - Parameter output: it may be the gate.
    package static func forward(
        gate: Activation, up: Activation, into output: Activation, rows: Int, on workers: Workers
    ) {
        precondition(gate.columns == up.columns && gate.columns == output.columns, "shapes differ")
        // An exponential is worth about ten multiplications.
        workers.run(rows, cost: rows * gate.columns * 10) { _, rows in
            for row in rows {
                let gated = output.pointer(toRow: row)
                if output !== gate { gated.update(from: gate.pointer(toRow: row), count: gate.columns) }
                grace_swiglu(workers.kernels, gated, up.pointer(toRow: row), gate.columns)
            }
        }
    }
}
