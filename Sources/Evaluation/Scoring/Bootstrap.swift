import Grace
import RandomNumbers

/// An interval and what it is of.
package struct Estimate: Sendable, Equatable {
    /// The value of all units.
    package let value: Double
    /// The bounds within which 95% of the values of resampled units lie.
    package let low: Double
    package let high: Double

    /// Takes the values as they are.
    package init(value: Double, low: Double, high: Double) {
        self.value = value
        self.low = low
        self.high = high
    }

    /// Percentiles of resampled values.
    init(value: Double, resampled: [Double]) {
        let sorted = resampled.sorted()
        self.init(value: value, low: percentile(0.025, of: sorted), high: percentile(0.975, of: sorted))
    }
}

/// Draws units again, with replacement, as often as there are (Efron, 1979).
package struct Bootstrap: Sendable, Equatable {
    /// How often.
    package let resamples: Int
    /// Equal seeds draw equal units.
    package let seed: UInt64

    /// How often units may be drawn.
    package static let allowedResamples = 1...1_000_000

    /// - Precondition: the resamples are among those that are allowed.
    package init(resamples: Int, seed: UInt64) {
        precondition(Self.allowedResamples.contains(resamples), "\(resamples) resamples")
        self.resamples = resamples
        self.seed = seed
    }

    /// The scores of resampled units. The evidence of several seeds is of the same units: each draw takes the same ones
    /// of all, and the mean of their scores counts.
    ///
    /// - Parameter name: tasks of different names draw independently of each other; equal names draw the same units.
    package func scores(of evidence: [Evidence], name: String) -> [Double] {
        guard let first = evidence.first, first.count > 0 else { return [] }
        var random = SplitMix64(seed: seed ^ TextHash(name).value)
        return (0..<resamples).map { _ in
            let units = (0..<first.count).map { _ in random.index(below: first.count) }
            return evidence.reduce(0) { $0 + $1.score(of: units) } / Double(evidence.count)
        }
    }

    /// The score of all units, with its interval.
    package func estimate(of evidence: [Evidence], name: String) -> Estimate {
        Estimate(value: meanScore(evidence), resampled: scores(of: evidence, name: name))
    }
}

/// The mean over seeds of the score of all units; 0 of none.
package func meanScore(_ evidence: [Evidence]) -> Double {
    evidence.isEmpty ? 0 : evidence.reduce(0) { $0 + $1.score } / Double(evidence.count)
}

/// The value below which a share of sorted values lies, interpolated between the two nearest; 0 of none.
package func percentile(_ share: Double, of sorted: [Double]) -> Double {
    guard let last = sorted.last else { return 0 }
    let position = share * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return last }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
}
