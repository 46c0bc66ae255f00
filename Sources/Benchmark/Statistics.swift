/// How many a second.
package func perSecond(_ count: Int, in time: Duration) -> Double {
    Double(count) / (time / .seconds(1))
}

/// Measurements of one quantity.
package struct Statistics: Sendable, Equatable {
    private let sorted: [Double]

    /// - Precondition: there is at least one.
    package init(_ values: [Double]) {
        precondition(!values.isEmpty, "no measurements")
        sorted = values.sorted()
    }

    /// The largest.
    package var max: Double { percentile(100) }

    /// The middle; of an even number of values the mean of the two in the middle.
    package var median: Double { (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2 }

    /// The smallest value that so many hundredths of all values do not exceed (nearest rank).
    package func percentile(_ hundredths: Int) -> Double {
        precondition((0...100).contains(hundredths), "percentile \(hundredths)")
        let rank = (sorted.count * hundredths + 99) / 100
        return sorted[Swift.max(rank, 1) - 1]
    }
}
