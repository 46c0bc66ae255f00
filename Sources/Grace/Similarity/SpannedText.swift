/// A part of what a vector is the mean of.
package struct TextSpan: Sendable, Equatable {
    /// Whose text it is.
    package enum Kind: String, Sendable {
        /// The checkpoint's own text before the one that was sent.
        case prompt
        case text
        /// What the chat template writes between text and rationale.
        case template
        case rationale
    }

    /// Whose text it is.
    package let kind: Kind
    /// Where it lies in the text as it was sent, or in the rationale, in Unicode scalars; nil of what is in neither.
    package let range: Range<Int>?
    /// What stands there.
    package let text: String

    /// Takes the parts as they are.
    package init(kind: Kind, range: Range<Int>?, text: String) {
        self.kind = kind
        self.range = range
        self.text = text
    }
}

/// The spans of a text and its rationale, in order, and the one that each pooled token belongs to: that which holds its
/// first byte, or that of the token before where it has no text of its own.
package struct SpannedText: Sendable, Equatable {
    /// In the order of what they hold; some may have no token.
    package private(set) var spans: [TextSpan] = []
    /// Of each pooled token its span.
    package private(set) var spanOfToken: [Int] = []

    init() {}

    /// Goes on with what was read of a text.
    ///
    /// - Parameters:
    ///   - scalars: the text as it was sent, behind the checkpoint's own prompt.
    ///   - promptCount: scalars of that prompt.
    ///   - range: what was read, of all these scalars.
    ///   - tokenStarts: of each token the scalar that holds its first byte, ascending, in `range`.
    mutating func appendText(
        _ scalars: [Unicode.Scalar], promptCount: Int, range: Range<Int>, tokenStarts: [Int],
        _ granularity: SpanGranularity
    ) {
        let border = min(max(promptCount, range.lowerBound), range.upperBound)
        var starts: [Int] = []
        if range.lowerBound < border {
            starts.append(range.lowerBound)
            spans.append(TextSpan(kind: .prompt, range: nil, text: String(scalars[range.lowerBound..<border])))
        }
        // A token that reaches out of the prompt holds text, and belongs to it.
        let tokenStarts = tokenStarts.indices.map { index in
            let end = index + 1 < tokenStarts.count ? tokenStarts[index + 1] : range.upperBound
            return tokenStarts[index] < border && end > border ? border : tokenStarts[index]
        }
        starts += appendSpans(.text, scalars, border..<range.upperBound, offset: -promptCount, tokenStarts, granularity)
        assign(tokenStarts, starts: starts)
    }

    /// Goes on with tokens that are the template's own.
    mutating func appendTemplate(_ text: String, tokenCount: Int) {
        guard tokenCount > 0 else { return }
        spans.append(TextSpan(kind: .template, range: nil, text: text))
        spanOfToken += repeatElement(spans.count - 1, count: tokenCount)
    }

    /// Goes on with a rationale.
    ///
    /// - Parameter tokenStarts: of each token the scalar that holds its first byte, ascending; nil of one without text.
    mutating func appendRationale(
        _ scalars: [Unicode.Scalar], tokenStarts: [Int?], _ granularity: SpanGranularity
    ) {
        let silentCount = tokenStarts.prefix { $0 == nil }.count
        assignToLast(silentCount)
        var previous = 0
        let known = tokenStarts.dropFirst(silentCount).map { start in
            previous = start ?? previous
            return previous
        }
        let starts = appendSpans(.rationale, scalars, scalars.indices, offset: 0, known, granularity)
        assign(known, starts: starts)
    }

    /// Appends the spans of a part, and returns where they begin.
    private mutating func appendSpans(
        _ kind: TextSpan.Kind, _ scalars: [Unicode.Scalar], _ range: Range<Int>, offset: Int, _ tokenStarts: [Int],
        _ granularity: SpanGranularity
    ) -> [Int] {
        let own = Array(scalars[range])
        let starts = granularity.starts(
            of: own, tokenStarts: tokenStarts.compactMap { $0 < range.lowerBound ? nil : $0 - range.lowerBound })
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : own.count
            let place = range.lowerBound + offset
            spans.append(
                TextSpan(kind: kind, range: place + start..<place + end, text: String(own[start..<end])))
        }
        return starts.map { range.lowerBound + $0 }
    }

    /// Gives tokens to the spans that were appended last, which begin at `starts`.
    private mutating func assign(_ tokenStarts: [Int], starts: [Int]) {
        guard !starts.isEmpty else { return assignToLast(tokenStarts.count) }
        var span = 0
        for start in tokenStarts {
            while span + 1 < starts.count, starts[span + 1] <= start { span += 1 }
            spanOfToken.append(spans.count - starts.count + span)
        }
    }

    private mutating func assignToLast(_ count: Int) {
        guard count > 0 else { return }
        if spans.isEmpty { spans.append(TextSpan(kind: .template, range: nil, text: "")) }
        spanOfToken += repeatElement(spans.count - 1, count: count)
    }
}
