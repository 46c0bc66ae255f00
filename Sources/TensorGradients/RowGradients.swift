import CGradientKernels
import Tensors

extension RMSNorm {
    /// The way back through the norm of the first `rows` rows, or through that of every group of `gain.columns` channels.
    ///
    /// - Parameters:
    ///   - input: as the forward pass read it, `[rows, groups * channels]`.
    ///   - outputGradient: of the same shape.
    ///   - inputGradient: of the same shape; added to.
    ///   - gainGradient: `[1, channels]`, added to; nil where the gain is not trained.
    package static func backward(
        _ input: Activation, gain: Matrix, epsilon: Float, outputGradient: Activation,
        into inputGradient: Activation, gainGradient: TrainableMatrix?, rows: Int, on workers: Workers
    ) {
        let channels = gain.columns
        precondition(input.columns % channels == 0 && input.columns == outputGradient.columns, "shapes differ")
        precondition(input.columns == inputGradient.columns, "shapes differ")
        // A sum for each piece, added up in order: the bits do not depend on which thread was first.
        let partial = gainGradient.map { _ in Activation(rowCapacity: workers.pieceCount, columns: channels) }
        workers.run(rows, cost: rows * input.columns * 6) { piece, rows in
            let gainGradientPart = partial?.pointer(toRow: piece)
            for row in rows {
                for first in stride(from: 0, to: input.columns, by: channels) {
                    grace_rms_norm_backward(
                        workers.kernels, input.pointer(toRow: row) + first, gain.pointer(toRow: 0), epsilon,
                        outputGradient.pointer(toRow: row) + first, inputGradient.pointer(toRow: row) + first,
                        gainGradientPart, channels)
                }
            }
        }
        if let gainGradient, let partial {
            gainGradient.addRows(
                of: partial, to: [Int](repeating: 0, count: workers.pieceCount), on: workers)
        }
    }
}

extension SwiGLU {
    /// The way back through the first `rows` rows of `[rows, channels]`.
    ///
    /// - Parameters:
    ///   - gatedGradient: of what the forward pass wrote.
    ///   - gated: what it wrote, written once more.
    package static func backward(
        gate: Activation, up: Activation, gatedGradient: Activation, gated: Activation, gateGradient: Activation,
        upGradient: Activation, rows: Int, on workers: Workers
    ) {
        for other in [up, gatedGradient, gated, gateGradient, upGradient] {
            precondition(gate.columns == other.columns, "shapes differ")
        }
        workers.run(rows, cost: rows * gate.columns * 20) { _, rows in
            for row in rows {
                grace_swiglu_backward(
                    workers.kernels, gate.pointer(toRow: row), up.pointer(toRow: row),
                    gatedGradient.pointer(toRow: row), gated.pointer(toRow: row), gateGradient.pointer(toRow: row),
                    upGradient.pointer(toRow: row), gate.columns)
            }
        }
    }
}

extension Rotary {
    /// Turns gradients of every head of the first `rows` rows back, in place.
    package static func backward(_ gradients: Activation..., angles: Activation, rows: Int, on workers: Workers) {
        let headSize = angles.columns
        let channels = gradients.reduce(0) { $0 + $1.columns }
        workers.run(rows, cost: rows * channels * 2) { _, rows in
            for heads in gradients {
                for row in rows {
                    grace_rotary_backward(
                        workers.kernels, heads.pointer(toRow: row), angles.pointer(toRow: row),
                        heads.columns / headSize, headSize)
                }
            }
        }
    }
}

/// Makes some numbers 0 and the others larger, so that their sum is the same on average (Srivastava et al. 2014).
package struct DropOut: Sendable, Equatable {
    /// The share of numbers that becomes 0, from 0 to below 1.
    package let rate: Float
    /// Decides which: the way back with the same seed drops the same.
    package let seed: UInt64

    /// - Precondition: the rate is at least 0 and below 1.
    package init(rate: Float, seed: UInt64) {
        precondition(rate >= 0 && rate < 1, "a rate of \(rate)")
        self.rate = rate
        self.seed = seed
    }

    /// Writes the first `rows` rows of an input, some numbers dropped, to an output of its shape, which may be the input. It is
    /// its own way back: of a gradient it drops the same numbers.
    ///
    /// - Parameter places: what decides of each row, at least 0: the row's number by default.
    package func apply(
        _ input: Activation, into output: Activation, rows: Int, places: [Int]? = nil, on workers: Workers
    ) {
        precondition(input.columns == output.columns, "shapes differ")
        precondition(places.map { $0.count >= rows } ?? true, "rows without a place")
        workers.run(rows, cost: rows * input.columns * 4) { _, rows in
            for row in rows {
                grace_drop_out(
                    workers.kernels, input.pointer(toRow: row), output.pointer(toRow: row), input.columns, rate, seed,
                    UInt64((places?[row] ?? row) * input.columns))
            }
        }
    }
}
