import Foundation

/// The clipped loss of a rollout's token (PPO, Schulman et al. 2017; the dual clip of Ye et al. 2020; method, section 2).
package struct PolicyGradient: Sendable, Equatable {
    /// How far below 1 a ratio may fall before it has no gradient, where the advantage would push it further.
    package var clipLow: Double
    /// How far above 1 a ratio may rise.
    package var clipHigh: Double
    /// What a ratio may grow to where the advantage is negative.
    package var dualClip: Double
    /// The weight of the divergence from the model that training began with.
    package var divergenceCoefficient: Double
    /// The weight of the entropy, which is rewarded.
    package var entropyCoefficient: Double

    /// By default as published.
    package init(
        clipLow: Double = 0.2, clipHigh: Double = 0.2, dualClip: Double = 3, divergenceCoefficient: Double = 0,
        entropyCoefficient: Double = 0
    ) {
        self.clipLow = clipLow
        self.clipHigh = clipHigh
        self.dualClip = dualClip
        self.divergenceCoefficient = divergenceCoefficient
        self.entropyCoefficient = entropyCoefficient
    }

    /// What one token adds to the loss, before the mean over the mini-batch's tokens.
    package struct Term: Sendable, Equatable {
        /// With the divergence.
        package let loss: Double
        /// By the token's log-probability.
        package let gradient: Double
        /// Whether the clip decides.
        package let isClipped: Bool
        /// `exp(start - now) - (start - now) - 1`; 0 where there is no start.
        package let divergence: Double
    }

    /// Beyond it a difference of log-probabilities is cut.
    private static let ratioLimit = 20.0
    private static let divergenceLimit = 10.0

    /// - Parameters:
    ///   - logProbability: of the model as it is.
    ///   - old: of the model before the update.
    ///   - start: of the model that training began with; nil where the divergence does not count.
    package func term(logProbability: Double, old: Double, start: Double?, advantage: Double) -> Term {
        let difference = logProbability - old
        let isCut = abs(difference) > Self.ratioLimit
        let ratio = exp(min(max(difference, -Self.ratioLimit), Self.ratioLimit))
        let plain = -advantage * ratio
        let clipped = -advantage * min(max(ratio, 1 - clipLow), 1 + clipHigh)
        var loss = max(plain, clipped)
        var isClipped = clipped > plain
        if advantage < 0, loss > -advantage * dualClip {
            loss = -advantage * dualClip
            isClipped = true
        }
        var gradient = isClipped || isCut ? 0 : plain
        var divergence = 0.0
        if let start {
            let distance = start - logProbability
            let gap = min(max(distance, -Self.ratioLimit), Self.ratioLimit)
            let estimate = exp(gap) - gap - 1
            divergence = min(estimate, Self.divergenceLimit)
            loss += divergenceCoefficient * divergence
            if abs(distance) <= Self.ratioLimit, estimate <= Self.divergenceLimit {
                gradient += divergenceCoefficient * (1 - exp(gap))
            }
        }
        return Term(loss: loss, gradient: gradient, isClipped: isClipped, divergence: divergence)
    }
}
