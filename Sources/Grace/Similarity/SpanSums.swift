/// The states of a text's pooled tokens, summed up span by span in double precision, `[spans, channels]`.
package struct SpanSums: Sendable {
    /// Eight channels a word; what is left over of the last word is zero.
    private let words: [SIMD8<Double>]
    private let wordsPerSpan: Int
    /// How many spans there are.
    package let spanCount: Int
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
        let width = (dimensions + 7) / 8
        var words = [SIMD8<Double>](repeating: .zero, count: width * spanCount)
        for (token, span) in spanOfToken.enumerated() {
            let (first, place) = (token * channels, span * width)
            for word in 0..<dimensions / 8 {
                let channel = first + 8 * word
                words[place + word] += SIMD8<Double>(
                    SIMD8<Float>(
                        states[channel], states[channel + 1], states[channel + 2], states[channel + 3],
                        states[channel + 4], states[channel + 5], states[channel + 6], states[channel + 7]))
            }
            for channel in (dimensions & ~7)..<dimensions {
                words[place + channel / 8][channel % 8] += Double(states[first + channel])
            }
        }
        var total = [SIMD8<Double>](repeating: .zero, count: width)
        for (index, word) in words.enumerated() { total[index % width] += word }
        self.words = words
        self.spanCount = spanCount
        wordsPerSpan = width
        norm = total.reduce(0) { $0 + ($1 * $1).sum() }.squareRoot()
    }

    /// The product of one span's sum with that of a span of another text.
    func product(_ span: Int, _ other: SpanSums, _ otherSpan: Int) -> Double {
        var sum = SIMD8<Double>.zero
        let (first, second) = (span * wordsPerSpan, otherSpan * wordsPerSpan)
        for word in 0..<wordsPerSpan { sum += words[first + word] * other.words[second + word] }
        return sum.sum()
    }
}
