/// Root-mean-square normalisation: `y = x / sqrt(mean(x^2) + epsilon) * gain`.
package enum RMSNorm {
    /// Normalises each group of `gain.columns` channels of the first `rows` rows.
    ///
    /// - Parameters:
    ///   - input: `[rows, groups * channels]`: one group for a layer's norm, one a head for Qwen3's query and key norms.
    ///   - gain: `[1, channels]`
    ///   - output: of the input's shape; it may be the input.
    package static func forward(_ input: Activation, gain: Matrix, epsilon: Float, into output: Activation, rows: Int) {
        let channels = gain.columns
        precondition(input.columns == output.columns && input.columns % channels == 0, "shapes differ")
        let groups = input.columns / channels
        for row in 0..<rows {
            for group in 0..<groups {
                let x = input.pointer(toRow: row) + group * channels
                let y = output.pointer(toRow: row) + group * channels
                var sumOfSquares: Float = 0
                for channel in 0..<channels {
                    sumOfSquares += x[channel] * x[channel]
                }
                let scale = 1 / (sumOfSquares / Float(channels) + epsilon).squareRoot()
                for channel in 0..<channels {
                    y[channel] = x[channel] * scale * gain.elements[channel]
                }
            }
        }
    }
}
