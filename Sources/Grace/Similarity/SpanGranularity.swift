/// What the spans of a text are.
package enum SpanGranularity: String, Sendable, CaseIterable {
    /// Tokens; those that share a character are one span.
    case tokens
    /// Runs of what is not white space, with the white space before them.
    case words
    /// What ends with a mark or before a line break, with the white space before it; the number of a list's item ends
    /// none.
    case sentences
}

extension SpanGranularity {
    /// Where the spans of a text begin, ascending and the first at 0; none of an empty text. White space belongs to the
    /// span behind it, as in the tokens of byte-level vocabularies, and to the last one at the end.
    ///
    /// - Parameter tokenStarts: the scalars that hold the first byte of a token, which decide the spans of `tokens`.
    /// - Complexity: linear in the scalars.
    package func starts(of scalars: [Unicode.Scalar], tokenStarts: [Int]) -> [Int] {
        guard !scalars.isEmpty else { return [] }
        switch self {
        case .tokens: return Set(tokenStarts).union([0]).filter { $0 < scalars.count }.sorted()
        case .words: return Self.words(scalars)
        case .sentences: return Self.sentences(scalars)
        }
    }

    private static func words(_ scalars: [Unicode.Scalar]) -> [Int] {
        let end = scalars.lastIndex { !$0.properties.isWhitespace } ?? 0
        var starts = [0]
        for index in scalars.indices.dropFirst() where index < end {
            if scalars[index].properties.isWhitespace, !scalars[index - 1].properties.isWhitespace {
                starts.append(index)
            }
        }
        return starts
    }

    private static func sentences(_ scalars: [Unicode.Scalar]) -> [Int] {
        let end = (scalars.lastIndex { !$0.properties.isWhitespace } ?? -1) + 1
        var starts = [0]
        // Whether a mark, and perhaps what closes a quotation, stands before this place.
        var isBehindMark = false
        var isBehindWideMark = false
        // Digits of this sentence, while it has nothing else but marks: the number of a list's item, whose text goes
        // on.
        var digitCount: Int? = 0
        var index = 0
        while index < end {
            let scalar = scalars[index]
            if scalar.properties.isWhitespace {
                let run = scalars[index..<end].prefix { $0.properties.isWhitespace }
                let isNumber = (digitCount ?? 0) > 0
                if index > 0, isBehindMark && !isNumber || run.contains(where: lineBreaks.contains) {
                    starts.append(index)
                    digitCount = 0
                }
                (isBehindMark, isBehindWideMark) = (false, false)
                index = run.endIndex
                continue
            }
            if marks.contains(scalar) || wideMarks.contains(scalar) {
                isBehindMark = true
                isBehindWideMark = isBehindWideMark || wideMarks.contains(scalar)
            } else if !closes(scalar) {
                if isBehindWideMark {
                    starts.append(index)
                    digitCount = 0
                }
                digitCount = scalar.properties.generalCategory == .decimalNumber ? digitCount.map { $0 + 1 } : nil
                (isBehindMark, isBehindWideMark) = (false, false)
            }
            index += 1
        }
        return starts
    }

    /// Marks that white space must follow: not in 3.14.
    private static let marks: Set<Unicode.Scalar> = [".", "!", "?", "…", "‽", "؟", "۔", "।", "॥"]
    /// Marks of scripts that put no space between sentences.
    private static let wideMarks: Set<Unicode.Scalar> = ["。", "！", "？", "．", "｡"]
    private static let lineBreaks: Set<Unicode.Scalar> = [
        "\n", "\r", "\u{0B}", "\u{0C}", "\u{85}", "\u{2028}", "\u{2029}",
    ]

    /// Whether a scalar behind a mark belongs to the sentence before it: quotation marks, brackets, and what has no
    /// width.
    private static func closes(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .closePunctuation, .finalPunctuation, .nonspacingMark, .format: true
        default: scalar == "\"" || scalar == "'"
        }
    }
}
