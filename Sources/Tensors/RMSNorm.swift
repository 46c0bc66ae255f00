import CKernels

/// Root-mean-square normalisation: `y = x / sqrt(mean(x^2) + epsilon) * gain`.
package enum RMSNorm {
    /// Normalises each group of `gain.columns` channels of the first `rows` rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, groups * channels]`: one group for a layer's norm, one a head for Qwen3's query and key norms.
    ///   - gain: `[1, channels]`
    ///   - output: of the input's shape; it may be the input.
    package static func forward(
        _ input: Activation, gain: Matrix, epsilon: Float, into output: Activation, rows: Int, on workers: Workers
    ) {
        let channels = gain.columns
        precondition(input.columns == output.columns && input.columns % channels == 0, "shapes differ")
        let groups = input.columns / channels
        workers.run(rows, cost: rows * input.columns) { _, rows in
            for row in rows {
                for group in 0..<groups {
                    grace_rms_norm(
                        workers.kernels, input.pointer(toRow: row) + group * channels, gain.pointer(toRow: 0), epsilon,
                        output.pointer(toRow: row) + group * channels, channels)
                }
            }
        }
    }
}
