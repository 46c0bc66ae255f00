import Tokenization

/// A prompt, and which of its tokens hold what of the text.
package struct PromptLayout: Sendable {
    /// As the model is given it.
    package let prompt: GracePrompt
    /// The tokens that hold a byte of the text.
    package let textTokens: Range<Int>
    /// What was sent, behind the checkpoint's own prompt.
    package let sent: [Unicode.Scalar]
    /// What was read of it, as a range of what was sent.
    package let readRange: Range<Int>
    /// Of each of `textTokens` the scalar of what was sent that holds its first byte, ascending.
    package let tokenStarts: [Int]

    /// - Parameters:
    ///   - read: the bytes of the text as the model read it.
    ///   - offsets: of each of `textTokens` the first of these bytes that it holds.
    fileprivate init(
        prompt: GracePrompt, textTokens: Range<Int>, sent: [Unicode.Scalar], read: [UInt8], offsets: [Int],
        _ truncation: Truncation
    ) {
        self.prompt = prompt
        self.textTokens = textTokens
        self.sent = sent
        let read = DecodedBytes(read)
        let alignment = TextAlignment(
            read: read.scalars, sent: sent, isCutAtStart: prompt.isTruncated && truncation == .left)
        readRange = alignment.range
        tokenStarts = offsets.map { alignment.sentIndices[read.scalarOfByte[$0]] }
    }

    /// The spans of text and rationale.
    ///
    /// - Parameter promptCount: scalars of the checkpoint's own prompt, before the text.
    package func spans(
        rationale: [TokenID], _ tokenizer: Tokenizer, promptCount: Int, _ granularity: SpanGranularity
    ) -> SpannedText {
        var spanned = SpannedText()
        spanned.appendText(
            sent, promptCount: promptCount, range: readRange, tokenStarts: tokenStarts, granularity)
        let template = prompt.tokens[textTokens.upperBound...]
        spanned.appendTemplate(
            tokenizer.decode(template, skipControlTokens: false), tokenCount: template.count)
        var bytes: [UInt8] = []
        let offsets = rationale.map { token -> Int? in
            let own = tokenizer.isControlToken(token) ? [] : tokenizer.bytes(of: token)
            defer { bytes += own }
            return own.isEmpty ? nil : bytes.count
        }
        let decoded = DecodedBytes(bytes)
        spanned.appendRationale(
            decoded.scalars, tokenStarts: offsets.map { $0.map { decoded.scalarOfByte[$0] } }, granularity)
        return spanned
    }

    /// The most spans that text and rationale can come to.
    func spanLimit(maxRationaleTokens: Int, _ granularity: SpanGranularity) -> Int {
        let ofText = granularity.starts(of: Array(sent[readRange]), tokenStarts: []).count
        // Prompt and template are one each, and hardly a span of a rationale is without a token.
        return max(ofText, granularity == .tokens ? textTokens.count : 0) + maxRationaleTokens + 2
    }
}

extension GracePromptBuilder {
    /// The prompt that ``prompt(for:limit:truncation:index:)`` makes, and how it is laid out.
    ///
    /// - Throws: `GraceError`, that of the other.
    package func layout(
        for input: EmbeddingInput, limit: Int, truncation: Truncation, index: Int
    ) throws(GraceError) -> PromptLayout {
        switch input {
        case .text(let text):
            let rendered = try rendered(text, limit: limit, truncation: truncation, index: index)
            let (encoding, place) = (rendered.encoding, rendered.encoding.plainTextRange)
            return PromptLayout(
                prompt: try rendered.prompt(index: index), textTokens: rendered.textTokens,
                sent: Array(text.unicodeScalars), read: Array(Array(encoding.normalizedText.utf8)[place]),
                offsets: encoding.byteRanges[rendered.textTokens].map {
                    max($0.lowerBound, place.lowerBound) - place.lowerBound
                }, truncation)
        case .tokens(let ids):
            let prompt = try prompt(forTokens: ids, limit: limit, truncation: truncation, index: index)
            let textTokens = prompt.poolingStart..<prompt.tokens.count - (try surroundings().after.count)
            var (bytes, offsets): ([UInt8], [Int]) = ([], [])
            for token in prompt.tokens[textTokens] {
                offsets.append(bytes.count)
                bytes += tokenizer.bytes(of: token)
            }
            let sent = ids.flatMap { tokenizer.bytes(of: TokenID(truncatingIfNeeded: $0)) }
            return PromptLayout(
                prompt: prompt, textTokens: textTokens, sent: DecodedBytes(sent).scalars, read: bytes,
                offsets: offsets, truncation)
        }
    }
}
