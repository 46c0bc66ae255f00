import TensorGradients
import Transformer

/// Keeps what a model can do beside embedding: tokens of texts that it reads without being asked for a rationale are to stay as
/// likely as they were with the model that training began with.
///
/// The loss of a token is Huber's of how far its log-probability has moved, in nats: half the square within 1, so that what has
/// moved far is pulled back no less. Its mean over the tokens counts.
package struct Preservation {
    /// Of the mean over the tokens.
    package let weight: Double
    /// What is read; the tokens that count are those after each prompt.
    package let sequences: [TrainingSequence]
    /// Of the model that training began with, `[sequences][tokens]`.
    private let start: [[TokenScore]]
    private let tokenCount: Int

    /// - Parameters:
    ///   - sequences: what is read; the tokens after each prompt count.
    ///   - startScores: of those tokens, under the model that training began with.
    package init(
        weight: Double, _ sequences: [TrainingSequence],
        startScores: ([TrainingSequence]) throws(TrainingError) -> [[TokenScore]]
    ) throws(TrainingError) {
        self.weight = weight
        self.sequences = sequences
        start = try startScores(sequences)
        tokenCount = max(start.reduce(0) { $0 + $1.count }, 1)
    }

    /// - Returns: how the loss changes with a token's score.
    package func gradient(_ sequence: Int, _ token: Int, _ score: TokenScore) -> TokenScoreGradient {
        let moved = score.logProbability - start[sequence][token].logProbability
        return TokenScoreGradient(
            logProbability: min(max(moved, -1), 1) * Float(weight / Double(tokenCount)), entropy: 0)
    }

    /// - Parameter scores: of ``sequences``.
    /// - Returns: the loss before its weight.
    package func loss(_ scores: some Collection<[TokenScore]>) -> Double {
        var sum = 0.0
        for (scores, start) in zip(scores, start) {
            for (score, start) in zip(scores, start) {
                let moved = abs(Double(score.logProbability) - Double(start.logProbability))
                sum += moved <= 1 ? moved * moved / 2 : moved - 0.5
            }
        }
        return sum / Double(tokenCount)
    }
}
