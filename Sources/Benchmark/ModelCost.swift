import Tensors
import Transformer

/// What a model's tokens cost, and what share of a machine a speed is.
///
/// Products alone are counted: attention, norms and sampling make a share smaller than what the machine really does.
package struct ModelCost: Sendable, Equatable {
    /// Bytes of weights that a step reads, however many rows it has.
    package let bytesPerStep: Int
    /// Parameters that a token of a prompt is multiplied with.
    package let parametersPerPromptToken: Int
    /// Parameters that a token is multiplied with after which another is written.
    package let parametersPerWrittenToken: Int
    /// What the products are computed in.
    package let arithmetic: Arithmetic

    /// Takes the parts as they are.
    package init(
        bytesPerStep: Int, parametersPerPromptToken: Int, parametersPerWrittenToken: Int, arithmetic: Arithmetic
    ) {
        self.bytesPerStep = bytesPerStep
        self.parametersPerPromptToken = parametersPerPromptToken
        self.parametersPerWrittenToken = parametersPerWrittenToken
        self.arithmetic = arithmetic
    }

    /// What the weights of a model cost in the precision that they were read in.
    package init(of weights: TransformerWeights, precision: Precision) {
        self.init(
            bytesPerStep: weights.bytesPerStep, parametersPerPromptToken: weights.parametersPerPromptToken,
            parametersPerWrittenToken: weights.parametersPerWrittenToken, arithmetic: precision.arithmetic)
    }

    /// Of the memory's bandwidth, where so many rows write a token in each step: what limits few rows.
    package func bandwidthShare(decoding tokensPerSecond: Double, rows: Int, of limits: MachineLimits) -> Double {
        Double(bytesPerStep) * tokensPerSecond / Double(rows) / limits.memoryBandwidth
    }

    /// Of the arithmetic's peak, where tokens are written: what limits many rows.
    package func peakShare(decoding tokensPerSecond: Double, of limits: MachineLimits) -> Double {
        2 * Double(parametersPerWrittenToken) * tokensPerSecond / limits.peak(of: arithmetic)
    }

    /// Of the arithmetic's peak, where prompts are run.
    package func peakShare(prefilling tokensPerSecond: Double, of limits: MachineLimits) -> Double {
        2 * Double(parametersPerPromptToken) * tokensPerSecond / limits.peak(of: arithmetic)
    }
}

extension Precision {
    /// What its products are computed in.
    package var arithmetic: Arithmetic {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        case .int8, .int4: .int8
        }
    }
}
