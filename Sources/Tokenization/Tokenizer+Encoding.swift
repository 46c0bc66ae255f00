/// What to do with control tokens that are spelled out in a text.
package enum ControlTokenHandling: Equatable, Sendable {
    /// They become control tokens: for text that is our own.
    case recognised
    /// They are encoded like any other text: for text from outside.
    case asText
}

/// The tokens of a text and where they lie in it.
package struct Encoding: Equatable, Sendable {
    /// The tokens in order, as many as `byteRanges`.
    package var ids: [TokenID]
    /// The UTF-8 offsets, in `normalizedText`, of the text that each token covers: ascending, and contiguous unless the
    /// vocabulary lacks a byte of the text.
    package var byteRanges: [Range<Int>]
    /// The text that the tokens spell: the given one, normalised if the tokenizer does that.
    package var normalizedText: String
    /// Where the plain text lies in `normalizedText`, as UTF-8 offsets.
    package var plainTextRange: Range<Int>
}

extension Tokenizer {
    /// The tokens of a text.
    package func encode(_ text: String, controlTokens: ControlTokenHandling) -> [TokenID] {
        let bytes = Array(text.utf8)
        return encode(bytes, plainTextRange: controlTokens == .asText ? 0..<bytes.count : nil).ids
    }

    /// The tokens of a text of which a part is a stranger's: control tokens that overlap it are plain text.
    ///
    /// Added tokens that are not control tokens are recognised everywhere. The identifiers are those of the whole text
    /// encoded at once, tokens may reach over the part's borders, with one exception: the text before, in and after the
    /// range is normalised separately, so that the range stays exact, and what a combining mark at a border would have
    /// composed with stays apart.
    /// - Parameter plainTextRange: UTF-8 offsets, on the borders of scalars.
    package func encode(_ text: String, plainTextRange: Range<Int>) -> Encoding {
        let bytes = Array(text.utf8)
        precondition(
            plainTextRange.lowerBound >= 0 && plainTextRange.upperBound <= bytes.count,
            "the plain text \(plainTextRange) lies outside of the text's \(bytes.count) bytes")
        for border in [plainTextRange.lowerBound, plainTextRange.upperBound] {
            precondition(
                border == bytes.count || !UTF8.isContinuation(bytes[border]),
                "the plain text \(plainTextRange) cuts through a scalar at \(border)")
        }
        let encoding = encode(bytes, plainTextRange: plainTextRange)
        return Encoding(
            ids: encoding.ids, byteRanges: encoding.byteRanges,
            normalizedText: String(decoding: encoding.text.bytes, as: UTF8.self),
            plainTextRange: encoding.text.plainTextRange ?? 0..<0)
    }

    private func encode(
        _ bytes: [UInt8], plainTextRange: Range<Int>?
    ) -> (ids: [TokenID], byteRanges: [Range<Int>], text: NormalizedText) {
        // Normalisation makes a text at most three times as long (UAX #15, section 12).
        precondition(bytes.count < Int(UInt32.max) / 3, "a text of \(bytes.count) bytes has offsets beyond 32 bits")
        let text = NormalizedText(
            bytes, matches: rawMatcher.matches(in: bytes, range: 0..<bytes.count, plainTextRange: plainTextRange),
            plainTextRange: plainTextRange, normalizesToNFC: normalizesToNFC)
        let classified = ClassifiedText(text.bytes)
        var symbols: [BytePairEncoder.Symbol] = []
        symbols.reserveCapacity(text.bytes.count / 3)
        for segment in text.segments {
            if let token = segment.token {
                symbols.append(.init(identifier: token, range: segment.range))
                continue
            }
            let matches = normalizedMatcher.matches(
                in: text.bytes, range: segment.range, plainTextRange: text.plainTextRange)
            var start = segment.range.lowerBound
            for match in matches {
                encode(classified, in: start..<match.range.lowerBound, to: &symbols)
                symbols.append(.init(identifier: match.identifier, range: match.range))
                start = match.range.upperBound
            }
            encode(classified, in: start..<segment.range.upperBound, to: &symbols)
        }
        return (symbols.map(\.identifier), symbols.map(\.range), text)
    }

    /// Appends the tokens of text in which there are no added tokens.
    private func encode(_ text: ClassifiedText, in range: Range<Int>, to symbols: inout [BytePairEncoder.Symbol]) {
        for preToken in preTokenizer.preTokens(of: text, in: range) {
            encoder.encode(text.bytes, in: preToken, to: &symbols)
        }
    }
}
