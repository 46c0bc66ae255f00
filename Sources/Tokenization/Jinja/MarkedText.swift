/// UTF-8 text that knows which of its bytes come from the user.
///
/// Bytes rather than `String`: Jinja compares and slices by code point, `String` by grapheme and canonical equivalence.
struct MarkedText: Sendable {
    /// A run of bytes that come from the user's text.
    struct Mark: Sendable {
        /// Where the run lies in the text that carries the mark.
        var range: Range<Int>
        /// The part of the user's text that it comes from.
        var source: Range<Int>
        /// Whether the run *is* that part, byte for byte, or was rewritten from it.
        var isVerbatim: Bool
    }

    /// Valid UTF-8.
    private(set) var bytes: [UInt8]
    /// In ascending order, disjoint. A mark may be empty: it keeps the place of a text that was empty or trimmed away.
    private(set) var marks: [Mark] = []

    /// Text of the template's, none of it the user's.
    init(bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    /// Text of the template's, none of it the user's.
    init(_ string: String) {
        bytes = Array(string.utf8)
    }

    /// The user's text, all of it marked.
    init(content: String) {
        bytes = Array(content.utf8)
        marks = [Mark(range: bytes.indices, source: bytes.indices, isVerbatim: true)]
    }

    /// Text rewritten from `inputs`: all of it counts as the user's if any of theirs was.
    init(bytes: [UInt8], rewrittenFrom inputs: [MarkedText]) {
        self.bytes = bytes
        let sources = inputs.flatMap(\.marks).map(\.source)
        if let lower = sources.map(\.lowerBound).min(), let upper = sources.map(\.upperBound).max() {
            marks = [Mark(range: bytes.indices, source: lower..<upper, isVerbatim: false)]
        }
    }

    /// Adds `other` at the end; runs that continue each other become one.
    mutating func append(_ other: MarkedText) {
        let offset = bytes.count
        bytes += other.bytes
        for mark in other.marks {
            let range = (mark.range.lowerBound + offset)..<(mark.range.upperBound + offset)
            if let last = marks.last, last.isVerbatim, mark.isVerbatim,
                last.range.upperBound == range.lowerBound, last.source.upperBound == mark.source.lowerBound
            {
                marks[marks.count - 1].range = last.range.lowerBound..<range.upperBound
                marks[marks.count - 1].source = last.source.lowerBound..<mark.source.upperBound
            } else {
                marks.append(Mark(range: range, source: mark.source, isVerbatim: mark.isVerbatim))
            }
        }
    }

    /// Adds text of the template's at the end.
    mutating func append(_ other: [UInt8]) {
        bytes += other
    }

    /// The bytes of `range`, which lies on code point boundaries, with their marks.
    ///
    /// A mark that only touches the range stays as an empty one: the place where the user's text would have stood. With
    /// `keepsPlaces` so does a mark outside of the range, at the nearer end.
    func slice(_ range: Range<Int>, keepsPlaces: Bool = false) -> MarkedText {
        var result = MarkedText(bytes: Array(bytes[range]))
        for mark in marks {
            let touches = mark.range.lowerBound <= range.upperBound && mark.range.upperBound >= range.lowerBound
            guard touches || keepsPlaces else { continue }
            let kept = mark.range.clamped(to: range)
            var source = mark.source
            if mark.isVerbatim {
                let start = min(max(kept.lowerBound - mark.range.lowerBound, 0), mark.range.count)
                source = (source.lowerBound + start)..<(source.lowerBound + start + kept.count)
            }
            let place = (kept.lowerBound - range.lowerBound)..<(kept.upperBound - range.lowerBound)
            result.marks.append(Mark(range: place, source: source, isVerbatim: mark.isVerbatim))
        }
        return result
    }

    /// The one range that holds the user's text.
    ///
    /// - Throws: `contentRenderedTwice` unless the marked runs join up in the order of the user's text;
    ///   `contentNotRendered` if there is no mark at all.
    func contentRange() throws(ChatTemplateError) -> Range<Int> {
        let runs = marks.filter { !$0.range.isEmpty }
        guard var content = runs.first else {
            guard let place = marks.first else { throw .contentNotRendered }
            return place.range
        }
        for run in runs.dropFirst() {
            guard run.range.lowerBound == content.range.upperBound, run.source.lowerBound >= content.source.upperBound
            else {
                throw .contentRenderedTwice(first: content.range, second: run.range)
            }
            content.range = content.range.lowerBound..<run.range.upperBound
            content.source = content.source.lowerBound..<run.source.upperBound
        }
        return content.range
    }
}
