import Tensors

/// The states of a text's pooled tokens, summed up span by span in double precision, `[spans, channels]`.
package struct SpanSums: Sendable {
    private let sums: DoubleRows
    /// Of the sum of all spans.
    package let norm: Double

    /// - Parameters:
    ///   - states: `[tokens, channels]`.
    ///   - dimensions: how many of the channels count: vectors may be cut to their first ones.
    ///   - spanOfToken: of each token its span, less than `spanCount`.
    /// - Complexity: linear in the states.
    package init(states: [Float], channels: Int, dimensions: Int, spanOfToken: [Int], spanCount: Int) {
        precondition(
            states.count == channels * spanOfToken.count,
            "\(states.count) values for \(spanOfToken.count) tokens of \(channels) channels")
        precondition((1...channels).contains(dimensions), "\(dimensions) dimensions of \(channels) channels")
        var sums = DoubleRows(rowCount: spanCount, channels: dimensions)
        for (token, span) in spanOfToken.enumerated() {
            sums.add(states[token * channels..<(token + 1) * channels], toRow: span)
        }
        let total = sums.total
        self.sums = sums
        norm = total.products(with: total)[0].squareRoot()
    }

    /// How many spans there are.
    package var spanCount: Int { sums.rowCount }

    /// The products of each span's sum with that of each span of another text, `[spans, other spans]`.
    func products(with other: SpanSums) -> [Double] {
        sums.products(with: other.sums)
    }
}
