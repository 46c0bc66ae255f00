import CGradientKernels
import Tensors

import func Foundation.pow

/// AdamW (Loshchilov and Hutter 2019), as PyTorch computes it: decay first, then the step with corrected moments.
package struct AdamW: Sendable, Equatable {
    /// A step's length, about, in every number.
    package var learningRate: Double
    /// Of the first moment.
    package var beta1: Double
    /// Of the second moment.
    package var beta2: Double
    /// Added to the second moment's root.
    package var epsilon: Double
    /// What every number loses in a step, times the learning rate.
    package var weightDecay: Double

    /// The published settings (method, section 2).
    package init(
        learningRate: Double = 1e-6, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
        weightDecay: Double = 0.01
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
    }

    /// The moments of one parameter, of its shape.
    package final class Moments {
        package let first: TrainableMatrix
        package let second: TrainableMatrix

        /// Zeros.
        package init(for parameter: TrainableMatrix) {
            let shape = parameter.matrix
            first = TrainableMatrix(rows: shape.rows, columns: shape.columns)
            second = TrainableMatrix(rows: shape.rows, columns: shape.columns)
        }
    }

    /// One step of one parameter.
    ///
    /// - Parameters:
    ///   - step: 1 for the first.
    ///   - gradientScale: what gradients are multiplied with first: clipping.
    package func update(
        _ parameter: TrainableMatrix, gradient: TrainableMatrix, moments: Moments, step: Int, gradientScale: Double,
        on workers: Workers
    ) {
        precondition(step > 0 && gradient.count == parameter.count && moments.first.count == parameter.count)
        let correction1 = 1 - pow(beta1, Double(step))
        let correction2 = 1 - pow(beta2, Double(step))
        var settings = grace_adamw_settings(
            step_size: Float(learningRate / correction1), decay: Float(1 - learningRate * weightDecay),
            beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon),
            correction2: Float(correction2.squareRoot()), gradient_scale: Float(gradientScale))
        let count = parameter.count
        let blocks = (count + Self.block - 1) / Self.block
        let places = (parameter.elements, gradient.elements, moments.first.elements, moments.second.elements)
        guard let values = places.0.baseAddress, let gradients = places.1.baseAddress,
            let first = places.2.baseAddress, let second = places.3.baseAddress
        else { return }
        withUnsafePointer(to: &settings) { settings in
            workers.run(blocks, cost: count * 20) { _, blocks in
                let start = blocks.lowerBound * Self.block
                let end = min(blocks.upperBound * Self.block, count)
                grace_adamw(
                    workers.kernels, settings, values + start, gradients + start, first + start, second + start,
                    end - start)
            }
        }
    }

    private static let block = 4096
}

extension TrainableMatrix {
    /// The sum of squares, in double precision.
    package func squareSum(on workers: Workers) -> Double {
        let block = 1 << 16
        let blocks = (count + block - 1) / block
        guard let values = elements.baseAddress else { return 0 }
        // A sum a block, added up in order: the same bits whichever thread was first.
        let sums = [Double](unsafeUninitializedCapacity: blocks) { sums, written in
            nonisolated(unsafe) let sums = sums
            workers.run(blocks, cost: count * 2) { _, range in
                for index in range {
                    let start = index * block
                    sums.initializeElement(
                        at: index,
                        to: grace_square_sum(workers.kernels, values + start, min(block, count - start)))
                }
            }
            written = blocks
        }
        return sums.reduce(0, +)
    }
}
