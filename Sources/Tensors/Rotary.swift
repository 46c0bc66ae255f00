import CKernels
import Foundation

/// Rotary position embedding in Hugging Face's row order: channel `i` of a head turns with channel `i + headSize / 2`.
package struct Rotary: Sendable {
    /// Radians a position, `[headSize / 2]`.
    package let inverseFrequencies: [Float]

    /// Frequencies that the caller has scaled already.
    package init(inverseFrequencies: [Float]) {
        self.inverseFrequencies = inverseFrequencies
    }

    /// The unscaled frequencies, `theta ^ (-2i / headSize)`.
    package init(headSize: Int, theta: Float) {
        precondition(headSize > 0 && headSize % 2 == 0, "a head of \(headSize) channels has no halves to rotate")
        inverseFrequencies = stride(from: 0, to: headSize, by: 2).map { channel in
            1 / pow(theta, Float(channel) / Float(headSize))
        }
    }

    /// Writes cosine and sine of each position's angles: they serve every layer of a step.
    ///
    /// - Parameter angles: `[rows, headSize]`: `headSize / 2` cosines, then as many sines.
    package func computeAngles(of positions: [Int], into angles: Activation) {
        let half = inverseFrequencies.count
        precondition(angles.columns == 2 * half && positions.count <= angles.rowCapacity, "shapes differ")
        for (row, position) in positions.enumerated() {
            let values = angles.pointer(toRow: row)
            for channel in 0..<half {
                let angle = Float(position) * inverseFrequencies[channel]
                values[channel] = cos(angle)
                values[half + channel] = sin(angle)
            }
        }
    }

    /// Rotates every head of the first `rows` rows in place.
    ///
    /// - Parameters:
    ///   - activations: queries and keys, each `[rows, heads * headSize]`.
    ///   - angles: `[rows, headSize]`, as `computeAngles(of:into:)` writes them.
    package static func forward(_ activations: Activation..., angles: Activation, rows: Int, on workers: Workers) {
        let headSize = angles.columns
        for heads in activations {
            precondition(heads.columns % headSize == 0, "rows of \(heads.columns) channels in heads of \(headSize)")
        }
        let channels = activations.reduce(0) { $0 + $1.columns }
        workers.run(rows, cost: rows * channels * 2) { _, rows in
            for heads in activations {
                for row in rows {
                    grace_rotary(
                        workers.kernels, heads.pointer(toRow: row), angles.pointer(toRow: row),
                        heads.columns / headSize, headSize)
                }
            }
        }
    }
}
