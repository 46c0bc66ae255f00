/// How often values fell into each of some ranges, and their sum; added to from any thread without a lock.
package final class Histogram: Sendable {
    /// The upper bounds of the ranges, and how values are counted.
    package struct Scale: Sendable {
        /// In the unit that is exposed, growing; a last range without a bound is added.
        package let bounds: [Double]
        /// How many of the whole numbers that are recorded make one of what is exposed.
        package let unitsPerOne: Double
        /// `bounds` in whole numbers.
        let limits: [Int]

        /// - Precondition: `bounds` grows.
        package init(bounds: [Double], unitsPerOne: Double = 1) {
            precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "the bounds of a histogram must grow")
            self.bounds = bounds
            self.unitsPerOne = unitsPerOne
            limits = bounds.map { Int(($0 * unitsPerOne).rounded()) }
        }

        /// From half a millisecond to five minutes; recorded in nanoseconds, exposed in seconds.
        package static let seconds = Scale(
            bounds: [
                0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300,
            ], unitsPerOne: 1e9)

        /// Powers of two from 1 to at least `limit`, for counts.
        package static func powersOfTwo(upTo limit: Int) -> Scale {
            var bounds = [1]
            while let last = bounds.last, last < limit { bounds.append(2 * last) }
            return Scale(bounds: bounds.map(Double.init))
        }
    }

    /// The ranges.
    package let scale: Scale
    private let counts: [Counter]
    private let total = Counter()

    /// An empty histogram, of no registry: see ``Registry/histogram(_:_:_:scale:)``.
    package init(scale: Scale) {
        self.scale = scale
        counts = (0...scale.bounds.count).map { _ in Counter() }
    }

    /// Counts a value, in units of the scale.
    package func record(_ value: Int) {
        // The first range whose bound is not below the value.
        var low = 0
        var high = scale.limits.count
        while low < high {
            let middle = (low + high) / 2
            if scale.limits[middle] < value { low = middle + 1 } else { high = middle }
        }
        counts[low].add()
        total.add(value)
    }

    /// Counts a time; of a scale in nanoseconds.
    package func record(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        record(Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }

    /// The values counted so far.
    package var count: Int { counts.reduce(0) { $0 + $1.value } }

    /// Values up to each bound, then all of them; and the sum in the unit that is exposed. While others record, the sum may
    /// lack values that are counted.
    var reading: (cumulative: [Int], sum: Double) {
        var sum = 0
        let cumulative = counts.map { counter in
            sum += counter.value
            return sum
        }
        return (cumulative, Double(total.value) / scale.unitsPerOne)
    }
}
