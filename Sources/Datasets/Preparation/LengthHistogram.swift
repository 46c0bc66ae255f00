/// How long prompts are, in tokens: exact below 4096, above it to 1 in 128, in memory that does not grow.
package struct LengthHistogram: Sendable, Equatable {
    private static let exactCount = 4096
    private static let bitsKept = 7

    /// How many lengths there are.
    package private(set) var count = 0
    /// The shortest and the longest, exact; 0 without any.
    package private(set) var minimum = 0
    package private(set) var maximum = 0
    private var sum = 0
    private var counts: [Int: Int] = [:]

    /// No lengths.
    package init() {}

    /// Counts a length of at least 0.
    package mutating func add(_ length: Int) {
        precondition(length >= 0, "a prompt of \(length) tokens")
        minimum = count == 0 ? length : min(minimum, length)
        maximum = max(maximum, length)
        count += 1
        sum += length
        counts[Self.bucket(length), default: 0] += 1
    }

    /// The mean; 0 without any.
    package var mean: Double { count == 0 ? 0 : Double(sum) / Double(count) }

    /// The smallest length that `percent` of all do not exceed (nearest rank); 0 without any.
    package func percentile(_ percent: Int) -> Int {
        precondition((1...100).contains(percent), "percentile \(percent)")
        let rank = (count * percent + 99) / 100
        var seen = 0
        for (bucket, bucketCount) in counts.sorted(by: { $0.key < $1.key }) {
            seen += bucketCount
            if seen >= rank { return min(bucket, maximum) }
        }
        return maximum
    }

    /// The largest length that is counted with `length`.
    private static func bucket(_ length: Int) -> Int {
        guard length >= exactCount else { return length }
        let dropped = Int.bitWidth - length.leadingZeroBitCount - 1 - bitsKept
        return length | ((1 << dropped) - 1)
    }
}
