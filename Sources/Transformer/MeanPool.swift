import Tensors

/// The running mean of one sequence's hidden states from `poolingStart` on (method, section 1.4).
///
/// The sum is kept in double precision, so that it does not depend on how a prompt was cut into steps.
package struct MeanPool: Sendable {
    /// The states added so far.
    package private(set) var count = 0
    private var sums: [Double]

    /// An empty mean of vectors of `channels` elements.
    package init(channels: Int) {
        sums = [Double](repeating: 0, count: channels)
    }

    /// Elements of a vector.
    package var channels: Int { sums.count }

    /// Adds one token's hidden state, row `row` of `[tokens, channels]`.
    package mutating func add(_ hiddenStates: Activation, row: Int) {
        hiddenStates.accumulateRow(row, into: &sums)
        count += 1
    }

    /// The mean, `[channels]`; zeros while nothing was added.
    package var mean: [Float] {
        let divisor = Double(max(count, 1))
        return sums.map { Float($0 / divisor) }
    }
}
