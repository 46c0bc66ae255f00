import RandomNumbers

/// A part of the examples.
package enum DatasetSplit: String, Sendable, CaseIterable {
    /// What is trained on.
    case training = "train"
    /// What is never trained on, to judge by.
    case heldOut = "held-out"
}

/// How many examples are held out.
package enum HeldOut: Sendable, Equatable {
    /// A share of all, at least 0 and below 1.
    case fraction(Double)
    /// So many.
    case count(Int)

    /// `0.01` is a fraction, for it has a point; `500` is a count.
    package init?(_ text: String) {
        if text.contains(".") {
            guard let fraction = Double(text), fraction >= 0, fraction < 1 else { return nil }
            self = .fraction(fraction)
        } else {
            guard let count = Int(text), count >= 0, count <= Self.maxCount else { return nil }
            self = .count(count)
        }
    }

    /// More than anybody judges by; so many hashes are kept to find them.
    package static let maxCount = 10_000_000
}

/// Which examples are held out.
package struct SplitPlan: Sendable, Equatable {
    /// What decides.
    package enum Rule: String, Sendable, CaseIterable {
        /// A hash of the seed and the query, or the text: whatever else is in the data, an example stays where it is.
        case random
        /// The first of the examples that were read, as the published method has it (section 2).
        case head
    }

    package var rule: Rule
    package var heldOut: HeldOut
    /// Of rule `random`.
    package var seed: UInt64

    /// Takes all as they are.
    package init(rule: Rule = .random, heldOut: HeldOut = .fraction(0.01), seed: UInt64 = 0) {
        self.rule = rule
        self.heldOut = heldOut
        self.seed = seed
    }

    /// The number that decides over all examples with a query: the lowest are held out.
    func hash(_ query: TextDigest) -> UInt64 {
        SplitMix64.mixed(SplitMix64.mixed(seed) &+ UInt64(truncatingIfNeeded: query.value))
    }
}
