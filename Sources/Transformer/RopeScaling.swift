import Foundation
import Tensors

/// How rotary frequencies are stretched for contexts longer than those of pre-training.
package enum RopeScaling: Sendable, Equatable {
    case none
    /// Llama 3: long wavelengths divided by `factor`, short ones kept, those between blended.
    case llama3(factor: Float, lowFrequencyFactor: Float, highFrequencyFactor: Float, originalContextLength: Float)

    /// Applies the scaling to unscaled frequencies, in radians a position.
    func scale(_ inverseFrequencies: [Float]) -> [Float] {
        guard case .llama3(let factor, let low, let high, let original) = self else { return inverseFrequencies }
        return inverseFrequencies.map { frequency in
            let wavelength = 2 * Float.pi / frequency
            if wavelength > original / low { return frequency / factor }
            if wavelength < original / high { return frequency }
            let blend = (original / wavelength - low) / (high - low)
            return (1 - blend) * frequency / factor + blend * frequency
        }
    }
}
