/// A text after normalisation, divided into added tokens and what lies between them.
struct NormalizedText {
    /// A stretch of the normalised text: an added token, or text if `token` is nil.
    struct Segment {
        var range: Range<Int>
        var token: TokenID?
    }

    private(set) var bytes: [UInt8] = []
    private(set) var segments: [Segment] = []
    /// The stranger's text, as offsets into the normalised bytes.
    private(set) var plainTextRange: Range<Int>?

    /// - Parameters:
    ///   - source: Valid UTF-8.
    ///   - matches: The added tokens of `source`, which stay as they are.
    ///   - plainTextRange: Offsets into `source`. The text on either side of its borders is normalised separately.
    init(_ source: [UInt8], matches: [AddedTokenMatcher.Match], plainTextRange: Range<Int>?, normalizesToNFC: Bool) {
        var composer = CanonicalComposer()
        var borders = plainTextRange.map { [$0.lowerBound, $0.upperBound] } ?? []
        var normalizedBorders: [Int] = []
        bytes.reserveCapacity(source.count)

        /// Appends `range` of the source, and notes where the borders at its beginning or within it come to lie.
        func append(_ range: Range<Int>, token: TokenID?) {
            let start = bytes.count
            var position = range.lowerBound
            while position < range.upperBound {
                while borders.first == position {
                    normalizedBorders.append(bytes.count)
                    borders.removeFirst()
                }
                let end = min(borders.first ?? range.upperBound, range.upperBound)
                if normalizesToNFC && token == nil {
                    composer.append(source, in: position..<end, to: &bytes)
                } else {
                    bytes.append(contentsOf: source[position..<end])
                }
                position = end
            }
            if start < bytes.count {
                segments.append(Segment(range: start..<bytes.count, token: token))
            }
        }

        var position = 0
        for match in matches {
            append(position..<match.range.lowerBound, token: nil)
            append(match.range, token: match.identifier)
            position = match.range.upperBound
        }
        append(position..<source.count, token: nil)
        // Borders at the very end.
        normalizedBorders.append(contentsOf: borders.map { _ in bytes.count })
        if let lower = normalizedBorders.first, let upper = normalizedBorders.last {
            self.plainTextRange = lower..<upper
        }
    }
}
