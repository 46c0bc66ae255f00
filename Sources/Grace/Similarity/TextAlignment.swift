/// Where in a text, as it was sent, each scalar stands that a model read of it.
///
/// Between the two a template may have trimmed white space, a limit may have cut one end off, and the tokenizer may
/// have composed characters (UAX #15). None of these moves the border between a scalar that stands for itself and what
/// combines with it: the runs from one such border to the next are counted, from the end that was not cut.
package struct TextAlignment: Sendable, Equatable {
    /// Of each scalar that was read the one that was sent; ascending. Where a run has another length than the one that
    /// was sent, all of it stands where that begins.
    package let sentIndices: [Int]
    /// What was read, as a range of what was sent.
    package let range: Range<Int>

    /// - Parameter isCutAtStart: whether what is left of the text is its end.
    /// - Complexity: linear in both.
    package init(read: [Unicode.Scalar], sent: [Unicode.Scalar], isCutAtStart: Bool) {
        guard read != sent else {
            sentIndices = Array(sent.indices)
            range = 0..<sent.count
            return
        }
        guard !read.isEmpty else {
            sentIndices = []
            range = 0..<0
            return
        }
        let kept = Self.withoutTrimmed(sent, read: read, isCutAtStart: isCutAtStart)
        let (readStarts, sentStarts) = (Self.runStarts(read[...]), Self.runStarts(sent[kept]))
        let first = isCutAtStart ? max(0, sentStarts.count - readStarts.count) : 0
        func sentRun(_ run: Int) -> Range<Int> {
            guard first + run < sentStarts.count else { return kept.upperBound..<kept.upperBound }
            let next = first + run + 1
            return sentStarts[first + run]..<(next < sentStarts.count ? sentStarts[next] : kept.upperBound)
        }
        var indices: [Int] = []
        indices.reserveCapacity(read.count)
        for run in readStarts.indices {
            let end = run + 1 < readStarts.count ? readStarts[run + 1] : read.count
            let (length, sentRun) = (end - readStarts[run], sentRun(run))
            indices += (0..<length).map { sentRun.lowerBound + (sentRun.count == length ? $0 : 0) }
        }
        sentIndices = indices
        range = (indices.first ?? kept.lowerBound)..<sentRun(readStarts.count - 1).upperBound
    }

    /// The sent text without the white space that was trimmed off the end which both have.
    private static func withoutTrimmed(
        _ sent: [Unicode.Scalar], read: [Unicode.Scalar], isCutAtStart: Bool
    ) -> Range<Int> {
        guard !read.allSatisfy(\.properties.isWhitespace) else { return sent.indices }
        if isCutAtStart {
            let trimmed = max(0, whiteSpace(sent.reversed()) - whiteSpace(read.reversed()))
            return 0..<sent.count - trimmed
        }
        return max(0, whiteSpace(sent) - whiteSpace(read))..<sent.count
    }

    private static func whiteSpace(_ scalars: some Sequence<Unicode.Scalar>) -> Int {
        var count = 0
        for scalar in scalars {
            guard scalar.properties.isWhitespace else { break }
            count += 1
        }
        return count
    }

    /// Where runs begin: at the first scalar, and at each that composes with nothing before it.
    private static func runStarts(_ scalars: ArraySlice<Unicode.Scalar>) -> [Int] {
        scalars.indices.filter { $0 == scalars.startIndex || !combines(scalars[$0]) }
    }

    /// Whether a scalar may compose with one before it: a mark, or a Hangul vowel or final consonant.
    private static func combines(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark: true
        default: (0x1161...0x1175).contains(scalar.value) || (0x11A8...0x11C2).contains(scalar.value)
        }
    }
}
