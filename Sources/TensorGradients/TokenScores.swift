import CGradientKernels
import Tensors

/// What logits say of the token that came next.
package struct TokenScore: Sendable, Equatable {
    /// Of the token, in nats.
    package let logProbability: Float
    /// Of all tokens' distribution, in nats.
    package let entropy: Float

    /// Takes both as they are.
    package init(logProbability: Float, entropy: Float) {
        self.logProbability = logProbability
        self.entropy = entropy
    }
}

/// How a loss changes with what logits say of a token.
package struct TokenScoreGradient: Sendable, Equatable {
    /// By the token's log-probability.
    package let logProbability: Float
    /// By the distribution's entropy.
    package let entropy: Float

    /// Takes both as they are.
    package init(logProbability: Float, entropy: Float = 0) {
        self.logProbability = logProbability
        self.entropy = entropy
    }

    /// Of a loss that does not depend on the token.
    package static let zero = TokenScoreGradient(logProbability: 0)
}

/// Log-probabilities of tokens under logits divided by a temperature.
package enum TokenScores {
    /// Scores one token for each of the first rows of logits, `[rows, vocabulary]`; unless there is no `gradient`, the logits
    /// become the gradient over them.
    ///
    /// - Parameters:
    ///   - temperature: over 0.
    ///   - gradient: of the row's index and score; called by several threads at once.
    package static func score(
        _ tokens: [Int], underRowsOf logits: Activation, temperature: Float,
        gradient: ((Int, TokenScore) -> TokenScoreGradient)?, on workers: Workers
    ) -> [TokenScore] {
        precondition(temperature > 0 && tokens.count <= logits.rowCapacity, "shapes differ")
        let inverseTemperature = 1 / temperature
        let vocabularySize = logits.columns
        return [TokenScore](unsafeUninitializedCapacity: tokens.count) { scores, count in
            // Each row has an element of its own.
            nonisolated(unsafe) let scores = scores
            workers.run(tokens.count, cost: tokens.count * vocabularySize * 20) { _, rows in
                for row in rows {
                    precondition((0..<vocabularySize).contains(tokens[row]), "token \(tokens[row])")
                    let place = logits.pointer(toRow: row)
                    let native = grace_score_token(
                        workers.kernels, place, vocabularySize, tokens[row], inverseTemperature)
                    let score = TokenScore(logProbability: native.log_probability, entropy: native.entropy)
                    scores.initializeElement(at: row, to: score)
                    guard let gradient = gradient?(row, score) else { continue }
                    grace_score_token_backward(
                        workers.kernels, place, vocabularySize, tokens[row], inverseTemperature, native,
                        gradient.logProbability, gradient.entropy)
                }
            }
            count = tokens.count
        }
    }
}
