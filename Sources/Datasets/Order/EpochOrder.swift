import RandomNumbers

/// The order in which one epoch goes through the examples: a shuffle that seed and epoch decide, and nothing else.
///
/// Whoever was interrupted makes the same order again and goes on at the position that was reached.
package struct EpochOrder: Sendable, Equatable, RandomAccessCollection {
    private let order: [UInt32]

    /// Shuffles (Fisher and Yates, from the last position down) with ``SplitMix64``.
    ///
    /// - Parameters:
    ///   - count: how many examples there are.
    ///   - seed: the run's.
    ///   - epoch: from 0; each has another order.
    /// - Precondition: `count` is not negative and fits 32 bits, `epoch` is not negative.
    /// - Complexity: O(count), 4 bytes an example.
    package init(count: Int, seed: UInt64, epoch: Int) {
        precondition(UInt32(exactly: count) != nil && epoch >= 0, "no order of \(count) examples in epoch \(epoch)")
        // Mixed twice, so that seeds have no epochs in common: 1 and 2 not, nor those that a sum would make equal.
        var generator = SplitMix64(seed: SplitMix64.mixed(SplitMix64.mixed(seed) &+ UInt64(epoch)))
        var order = (0..<count).map { UInt32($0) }
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, Int(generator.next(below: UInt64(last) + 1)))
        }
        self.order = order
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { order.count }

    /// The example that comes at a position.
    ///
    /// - Precondition: the position is one of the epoch's.
    package subscript(position: Int) -> Int { Int(order[position]) }
}
