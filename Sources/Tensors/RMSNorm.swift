import CKernels

/// Root-mean-square normalisation: `y = x / sqrt(mean(x^2) + epsilon) * gain`.
package enum RMSNorm {
    /// A residual stream and what is added to it before it is normalised.
    package struct Sum {
        let residual: Activation
        let update: Activation
        let total: Activation

        /// - Parameters:
        ///   - residual: `[rows, channels]`
        ///   - update: of the same shape.
        ///   - total: where the sum goes, of the same shape; it may be the residual stream.
        package init(_ residual: Activation, _ update: Activation, total: Activation) {
            precondition(residual.columns == update.columns && residual.columns == total.columns, "shapes differ")
            self.residual = residual
            self.update = update
            self.total = total
        }
    }

    /// Normalises the first `rows` rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, channels]`
    ///   - gain: `[1, channels]`
    ///   - output: of the input's shape, another activation.
    package static func forward(
        _ input: Activation, gain: Matrix, epsilon: Float, into output: Activation, rows: Int, on workers: Workers
    ) {
        forward(input, nil, gain: gain, epsilon: epsilon, into: output, rows: rows, on: workers)
    }

    /// Normalises the first `rows` rows of a sum.
    package static func forward(
        _ sum: Sum, gain: Matrix, epsilon: Float, into output: Activation, rows: Int, on workers: Workers
    ) {
        forward(sum.total, sum, gain: gain, epsilon: epsilon, into: output, rows: rows, on: workers)
    }

    private static func forward(
        _ input: Activation, _ sum: Sum?, gain: Matrix, epsilon: Float, into output: Activation, rows: Int,
        on workers: Workers
    ) {
        let channels = input.columns
        precondition(channels == gain.columns && channels == output.columns, "shapes differ")
        workers.run(rows, cost: rows * channels * 2) { _, rows in
            for row in rows {
                let stream = input.pointer(toRow: row)
                if let sum {
                    if sum.residual !== input {
                        stream.update(from: sum.residual.pointer(toRow: row), count: channels)
                    }
                    grace_add(workers.kernels, stream, sum.update.pointer(toRow: row), channels)
                }
                grace_rms_norm(
                    workers.kernels, stream, gain.pointer(toRow: 0), epsilon, output.pointer(toRow: row), channels)
            }
        }
    }

    /// Normalises each group of `gain.columns` channels of the first `rows` rows: Qwen3's query and key norms, a group a
    /// head.
    ///
    /// - Parameters:
    ///   - heads: `[rows, groups * channels]`
    ///   - gain: `[1, channels]`
    ///   - output: of the heads' shape; it may be the heads.
    package static func forward(
        heads: Activation, gain: Matrix, epsilon: Float, into output: Activation, rows: Int, on workers: Workers
    ) {
        let channels = gain.columns
        precondition(heads.columns % channels == 0, "rows of \(heads.columns) in groups of \(channels)")
        precondition(heads.columns == output.columns, "shapes differ")
        workers.run(rows, cost: rows * heads.columns) { _, rows in
            for row in rows {
                for group in 0..<heads.columns / channels {
                    let first = group * channels
                    grace_rms_norm(
                        workers.kernels, heads.pointer(toRow: row) + first, gain.pointer(toRow: 0), epsilon,
                        output.pointer(toRow: row) + first, channels)
                }
            }
        }
    }
}
