import RandomNumbers
import Tensors
import Transformer

/// Chooses next tokens from logits: a token depends on its row of logits, the settings and the index of the draw alone.
package final class Sampler {
    private let categorical = CategoricalSampler()

    /// A token to choose.
    package struct Draw: Sendable {
        /// How it is chosen.
        package let settings: SamplingSettings
        /// Its index in its rationale: a draw does not depend on what was drawn before.
        package let index: Int

        /// Takes both as they are.
        package init(settings: SamplingSettings, index: Int) {
            self.settings = settings
            self.index = index
        }
    }

    /// A sampler that has no memory yet.
    package init() {}

    /// A token that was chosen.
    package struct Choice: Sendable, Equatable {
        package let token: TokenID
        /// Of the token under the logits over the temperature, in nats; nil where greedy.
        package let logProbability: Float?
    }

    /// The next tokens of the first rows of logits, `[rows, vocabulary]`, one for each draw; nil where a row holds a NaN or
    /// nothing finite.
    package func sample(_ draws: [Draw], fromRowsOf logits: Activation, on workers: Workers) -> [Choice?] {
        let draws = draws.map { draw in
            var random = SplitMix64(seed: draw.settings.seed, skipping: draw.index)
            return CategoricalDraw(
                temperature: draw.settings.temperature, topP: draw.settings.topP, uniform: random.uniform())
        }
        return categorical.draw(draws, fromRowsOf: logits, on: workers).map { choice in
            choice.map { Choice(token: TokenID($0.element), logProbability: $0.logProbability) }
        }
    }
}
