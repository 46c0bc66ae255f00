import TensorGradients
import Tensors

/// AdamW over all parameters, with the norm of all gradients together clipped.
///
/// It belongs to one thread: it is not `Sendable`.
package final class Optimizer {
    /// Settings of every step.
    package var adamW: AdamW
    /// The largest norm of the gradients; what is over it is scaled down.
    package let maxGradientNorm: Double
    /// Steps that were made.
    package internal(set) var stepCount = 0
    let parameters: [Parameter]
    let moments: [AdamW.Moments]

    /// An optimizer that has made no step.
    package init(_ parameters: [Parameter], adamW: AdamW = AdamW(), maxGradientNorm: Double = 1) {
        self.parameters = parameters
        self.adamW = adamW
        self.maxGradientNorm = maxGradientNorm
        moments = parameters.map { AdamW.Moments(for: $0.value) }
    }

    /// Changes the parameters by their gradients.
    ///
    /// - Returns: the norm of the gradients before they were clipped.
    /// - Throws: `TrainingError.gradientNotFinite`; then nothing has changed.
    @discardableResult
    package func step(on workers: Workers) throws(TrainingError) -> Double {
        let norm = parameters.reduce(0) { $0 + $1.gradient.squareSum(on: workers) }.squareRoot()
        guard norm.isFinite else { throw .gradientNotFinite(step: stepCount + 1) }
        stepCount += 1
        // As PyTorch does, with a little added so that no norm divides by 0.
        let scale = min(1, maxGradientNorm / (norm + 1e-6))
        for (parameter, moments) in zip(parameters, moments) {
            adamW.update(
                parameter.value, gradient: parameter.gradient, moments: moments, step: stepCount, gradientScale: scale,
                on: workers)
        }
        return norm
    }
}
