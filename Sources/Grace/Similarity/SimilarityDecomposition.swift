/// The cosine of two texts' vectors as a sum over pairs of their spans.
///
/// A vector is the mean of token states h, so the cosine of two is the sum of `h_i · g_j` over all pairs of their
/// tokens, over `n_a n_b |mean_a| |mean_b|`. Nothing is estimated: what a pair of spans gives is the product of the
/// sums of their states, over the product of the norms of the two whole sums.
package struct SimilarityDecomposition: Sendable {
    /// What one pair of spans gives to the cosine.
    package struct Contribution: Sendable, Equatable {
        /// The span of the first text.
        package let a: Int
        /// The span of the second text.
        package let b: Int
        /// Its share in the cosine; it can be negative.
        package let value: Double
    }

    /// The cosine, the sum of all contributions; 0 where a vector is zero.
    package let similarity: Double
    /// Those that are told of: all in the order of a, then b, or the largest, largest first.
    package let contributions: [Contribution]
    /// The sum of those that are not told of.
    package let rest: Double

    /// - Parameter count: how many contributions to tell of at most: those largest in magnitude.
    /// - Precondition: both sums have the same channels.
    /// - Complexity: pairs of spans times channels, and the sorting of the pairs where not all are told of.
    package init(_ first: SpanSums, _ second: SpanSums, count: Int) {
        let norms = first.norm * second.norm
        var all: [Contribution] = []
        all.reserveCapacity(first.spanCount * second.spanCount)
        for (place, product) in first.products(with: second).enumerated() {
            let (a, b) = place.quotientAndRemainder(dividingBy: second.spanCount)
            all.append(Contribution(a: a, b: b, value: norms > 0 ? product / norms : 0))
        }
        let sum = all.reduce(0) { $0 + $1.value }
        // Rounding must not lead out of what a cosine can be.
        similarity = min(max(sum, -1), 1)
        guard all.count > count else {
            contributions = all
            rest = 0
            return
        }
        let order = Self.largestFirst(all)
        contributions = order.prefix(count).map { all[$0] }
        rest = order.dropFirst(count).reduce(0) { $0 + all[$1].value }
    }

    /// The places of contributions by magnitude as it is answered, in single precision, and of equals as they come: the
    /// answer to a request is always the same.
    ///
    /// Whole numbers are sorted several times as fast as by a comparison of two numbers each.
    private static func largestFirst(_ all: [Contribution]) -> [Int] {
        // Bits of numbers that are not negative are in the order of the numbers; their complements are in the opposite.
        var keys = all.indices.map { place in
            UInt64(~Float(abs(all[place].value)).bitPattern) << 32 | UInt64(UInt32(truncatingIfNeeded: place))
        }
        // A closure for the order would be called for each comparison.
        keys.sort()
        return keys.map { Int(UInt32(truncatingIfNeeded: $0)) }
    }
}
