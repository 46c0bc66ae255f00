import TensorGradients
import Transformer

/// The tokens of one training step, packed without padding: what sequences have in common comes once.
package struct PackedTokens: Sendable {
    /// Of all segments, in the order of the rows.
    package private(set) var tokens: [TokenID] = []
    /// Of each token in its sequence.
    package private(set) var positions: [Int] = []
    /// Runs of tokens that continue others.
    package private(set) var segments: [Segment] = []

    /// No tokens.
    package init() {}

    /// Names a segment.
    package typealias SegmentID = Int

    /// Adds tokens that begin a sequence, or continue one.
    ///
    /// - Parameter tokens: at least one.
    package mutating func append(_ tokens: some Collection<TokenID>, after parent: SegmentID? = nil) -> SegmentID {
        precondition(!tokens.isEmpty, "a segment without tokens")
        let first = parent.map { positions[segments[$0].rows.upperBound - 1] + 1 } ?? 0
        segments.append(Segment(rows: self.tokens.count..<self.tokens.count + tokens.count, parent: parent))
        self.tokens += tokens
        positions += first..<first + tokens.count
        return segments.count - 1
    }

    /// The rows of a segment.
    package func rows(of segment: SegmentID) -> Range<Int> { segments[segment].rows }
}
