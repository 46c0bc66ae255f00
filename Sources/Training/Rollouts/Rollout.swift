import Engine
import Grace
import Transformer

/// One rationale that the engine wrote of a text, and the vector that it pooled.
package struct Rollout: Sendable, Equatable {
    /// Prompt and rationale, as training runs them.
    package let sequence: TrainingSequence
    /// The mean of the hidden states, scaled to length 1, `[channels]`.
    package let vector: [Float]
    /// What the engine gave each chosen token, under its weights' number format; empty where greedy.
    package let engineLogProbabilities: [Float]
    /// The most tokens that the rationale might have.
    package let tokenLimit: Int

    /// Whether the limit ended the rationale.
    package var isCutOff: Bool { sequence.stopToken == nil }

    init(sequence: TrainingSequence, vector: [Float], engineLogProbabilities: [Float], tokenLimit: Int) {
        self.sequence = sequence
        self.vector = vector
        self.engineLogProbabilities = engineLogProbabilities
        self.tokenLimit = tokenLimit
    }

    init(_ request: GenerationRequest, _ result: GenerationResult) {
        sequence = TrainingSequence(
            prompt: request.prompt, poolingStart: request.poolingStart, rationale: result.rationale,
            stopToken: result.stopToken)
        vector = unit(result.mean)
        engineLogProbabilities = result.logProbabilities
        tokenLimit = request.maxRationaleTokens
    }
}

/// The rollouts of one example.
package struct ExampleRollouts: Sendable, Equatable {
    /// Of the text that is learned to be read: those that are trained.
    package let main: [Rollout]
    /// Of the query, or a second reading of the text.
    package let query: Rollout
    /// Of the negative, where the example has one.
    package let negative: Rollout?
}

/// A vector scaled to length 1; zeros stay.
func unit(_ vector: [Float]) -> [Float] {
    let length = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    return length == 0 ? vector : vector.map { Float(Double($0) / length) }
}
