import CKernels

/// Root-mean-square normalisation: `y = x / sqrt(mean(x^2) + epsilon) * gain`.
package enum RMSNorm {
    /// Normalises the first `rows` rows of a residual stream, to which the last layer's update is added before.
    ///
    /// - Parameters:
    ///   - residual: `[rows, channels]`
    ///   - update: of the residual's shape; nil where there is nothing to add.
    ///   - gain: `[1, channels]`
    ///   - output: of the residual's shape, another activation.
    package static func forward(
        _ residual: Activation, adding update: Activation?, gain: Matrix, epsilon: Float, into output: Activation,
        rows: Int, on workers: Workers
    ) {
        let channels = residual.columns
        precondition(channels == gain.columns && channels == output.columns, "shapes differ")
        precondition(update == nil || update?.columns == channels, "shapes differ")
        workers.run(rows, cost: rows * channels * 2) { _, rows in
            for row in rows {
                let stream = residual.pointer(toRow: row)
                if let update {
                    grace_add(workers.kernels, stream, update.pointer(toRow: row), channels)
                }
                grace_rms_norm(
                    workers.kernels, stream, gain.pointer(toRow: 0), epsilon, output.pointer(toRow: row), channels)
            }
        }
    }

    /// Normalises each group of `gain.columns` channels of the first `rows` rows in place: Qwen3's query and key norms, a
    /// group a head.
    ///
    /// - Parameters:
    ///   - heads: `[rows, groups * channels]`
    ///   - gain: `[1, channels]`
    package static func forward(heads: Activation, gain: Matrix, epsilon: Float, rows: Int, on workers: Workers) {
        let channels = gain.columns
        precondition(heads.columns % channels == 0, "rows of \(heads.columns) in groups of \(channels)")
        workers.run(rows, cost: rows * heads.columns) { _, rows in
            for row in rows {
                for group in 0..<heads.columns / channels {
                    let head = heads.pointer(toRow: row) + group * channels
                    grace_rms_norm(workers.kernels, head, gain.pointer(toRow: 0), epsilon, head, channels)
                }
            }
        }
    }
}
