import Grace

/// How rationales are written while a suite is scored.
package struct RationaleMode: Sendable, Equatable {
    /// How tokens are chosen.
    package enum Kind: String, Sendable, CaseIterable {
        /// No rationale: the text alone is pooled.
        case none
        /// The likeliest token.
        case greedy
        /// Tokens are drawn, once for each seed.
        case sampled
    }

    /// How tokens are chosen.
    package let kind: Kind
    /// 0 without a rationale.
    package let maxRationaleTokens: Int
    /// 0 where nothing is drawn.
    package let temperature: Double
    /// How often rationales are drawn; 1 where nothing is.
    package let seedCount: Int
    /// By how little a window of a rationale moves the vector for the rationale to end; nil never ends one.
    package let stopWhenStable: Double?

    /// A mode; values without effect on it are those of every such mode.
    package init(
        _ kind: Kind, maxRationaleTokens: Int, temperature: Double, seedCount: Int, stopWhenStable: Double? = nil
    ) {
        self.kind = kind
        self.maxRationaleTokens = kind == .none ? 0 : maxRationaleTokens
        self.temperature = kind == .sampled ? temperature : 0
        self.seedCount = kind == .sampled ? seedCount : 1
        self.stopWhenStable = kind == .none ? nil : stopWhenStable
    }

    /// Each of these embeds all texts once.
    package var runs: [Int] { Array(0..<seedCount) }

    /// How a text is embedded in one of the runs. Draws of different texts have nothing to do with each other: common
    /// ones would make their rationales alike.
    package func settings(for text: String, run: Int) -> RationaleSettings {
        RationaleSettings(
            maxRationaleTokens: maxRationaleTokens, temperature: temperature,
            seed: kind == .sampled ? TextHash("\(run) \(text)").seed : 0, stopWhenStable: stopWhenStable)
    }
}
