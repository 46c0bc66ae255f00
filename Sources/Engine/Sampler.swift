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
            CategoricalDraw(
                temperature: draw.settings.temperature, topP: draw.settings.topP,
                uniform: Self.uniform(seed: draw.settings.seed, index: draw.index))
        }
        return categorical.draw(draws, fromRowsOf: logits, on: workers).map { choice in
            choice.map { Choice(token: TokenID($0.element), logProbability: $0.logProbability) }
        }
    }

    /// A number in [0, 1) that depends on seed and index alone (SplitMix64, which is a hash of a counter).
    private static func uniform(seed: UInt64, index: Int) -> Double {
        var mixed = seed &+ 0x9E37_79B9_7F4A_7C15 &* (UInt64(index) &+ 1)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53
    }
}
