import Tokenization

/// A rendered, tokenised prompt and where the user's text begins in it.
package struct GracePrompt: Sendable, Equatable {
    /// System message, text and the opening of the model's turn, as ids of the checkpoint's vocabulary.
    package let tokens: [TokenID]
    /// The first token that holds a byte of the user's text; where the template left nothing of it, the first token
    /// after the place where it would stand.
    package let poolingStart: Int
    /// Whether the text was cut to fit.
    package let isTruncated: Bool
}

/// What to do with a text whose prompt is too long.
package enum Truncation: Sendable, Equatable {
    /// Cut the end of the text.
    case right
    /// Cut the beginning of the text.
    case left
    /// Refuse the text.
    case refuse
}

/// Renders and tokenises texts for one checkpoint.
package struct GracePromptBuilder: Sendable {
    /// The checkpoint's own.
    package let tokenizer: Tokenizer
    /// The checkpoint's own; it is given a system and a user message.
    package let template: ChatTemplate
    /// The content of the system message.
    package let systemPrompt: String
    /// The template's `bos_token`, as text.
    package let beginOfText: String?
    /// The template's `eos_token`, as text.
    package let endOfText: String?

    /// Takes the parts as they are: whether they fit each other shows when a prompt is made.
    package init(
        tokenizer: Tokenizer, template: ChatTemplate, systemPrompt: String, beginOfText: String?, endOfText: String?
    ) {
        self.tokenizer = tokenizer
        self.template = template
        self.systemPrompt = systemPrompt
        self.beginOfText = beginOfText
        self.endOfText = endOfText
    }

    /// The same with another system message.
    package func with(systemPrompt: String) -> GracePromptBuilder {
        GracePromptBuilder(
            tokenizer: tokenizer, template: template, systemPrompt: systemPrompt, beginOfText: beginOfText,
            endOfText: endOfText)
    }

    /// The prompt around `text`, of at most `limit` tokens: the text is cut, never the template around it.
    ///
    /// - Parameter index: the text's place in its request, for the error.
    /// - Throws: `GraceError.textTooLong`, `.noRoomForText`, `.nothingToPool`, `.template`
    package func prompt(
        for text: String, limit: Int, truncation: Truncation, index: Int = 0
    ) throws(GraceError) -> GracePrompt {
        try rendered(text, limit: limit, truncation: truncation, index: index).prompt(index: index)
    }

    /// The encoded prompt around as much of `text` as there is room for.
    func rendered(
        _ text: String, limit: Int, truncation: Truncation, index: Int
    ) throws(GraceError) -> RenderedEncoding {
        var rendered = try encode(text)
        guard rendered.encoding.ids.count > limit else { return rendered }
        guard truncation != .refuse else {
            throw .textTooLong(index: index, tokens: rendered.encoding.ids.count, limit: limit)
        }
        // Tokens at the cut may merge anew, so the shorter text can come out longer than planned; each round keeps less.
        var kept = rendered.textTokens.count
        while rendered.encoding.ids.count > limit {
            kept -= rendered.encoding.ids.count - limit
            let shorter = kept > 0 ? rendered.text(keeping: kept, truncation) : ""
            guard !shorter.isEmpty else {
                throw .noRoomForText(promptTokens: try tokenCountWithoutText(), limit: limit)
            }
            rendered = try encode(shorter)
            kept = min(kept, rendered.textTokens.count)
        }
        rendered.isTruncated = true
        return rendered
    }

    /// The tokens before the user's text, the same for every text that does not begin with white space.
    package func sharedPrefix() throws(GraceError) -> [TokenID] {
        let prompt = try encode("text").prompt(index: 0)
        return Array(prompt.tokens[..<prompt.poolingStart])
    }

    /// The tokens of the template around an empty text: no prompt has fewer.
    func tokenCountWithoutText() throws(GraceError) -> Int {
        try encode("").encoding.ids.count
    }

    private func encode(_ text: String) throws(GraceError) -> RenderedEncoding {
        do throws(ChatTemplateError) {
            let rendered = try template.render(
                systemPrompt: systemPrompt, text: text, beginOfText: beginOfText, endOfText: endOfText)
            return RenderedEncoding(
                encoding: tokenizer.encode(rendered.text, plainTextRange: rendered.contentRange))
        } catch {
            throw .template(error)
        }
    }
}

/// An encoded prompt and the tokens in it that hold the user's text.
struct RenderedEncoding {
    let encoding: Encoding
    /// Whether the text was cut to fit.
    fileprivate(set) var isTruncated = false
    /// The tokens that hold a byte of the text.
    let textTokens: Range<Int>

    fileprivate init(encoding: Encoding) {
        self.encoding = encoding
        let text = encoding.plainTextRange
        let start = encoding.byteRanges.firstIndex { $0.upperBound > text.lowerBound } ?? encoding.ids.count
        let end = encoding.byteRanges[start...].firstIndex { $0.lowerBound >= text.upperBound } ?? encoding.ids.count
        textTokens = start..<max(start, end)
    }

    /// - Throws: `GraceError.nothingToPool`, of a cut text too: a template may keep nothing of what is left.
    func prompt(index: Int) throws(GraceError) -> GracePrompt {
        guard textTokens.lowerBound < encoding.ids.count else { throw .nothingToPool(index: index) }
        return GracePrompt(tokens: encoding.ids, poolingStart: textTokens.lowerBound, isTruncated: isTruncated)
    }

    /// The part of the text that the first or last `count` of its tokens hold, whole characters only.
    fileprivate func text(keeping count: Int, _ truncation: Truncation) -> String {
        let text = encoding.plainTextRange
        let kept = truncation == .left ? textTokens.suffix(count) : textTokens.prefix(count)
        var lower = max(text.lowerBound, encoding.byteRanges[kept.lowerBound].lowerBound)
        var upper = min(text.upperBound, encoding.byteRanges[kept.upperBound - 1].upperBound)
        let bytes = Array(encoding.normalizedText.utf8)
        let isInsideCharacter = { (index: Int) in index < text.upperBound && bytes[index] & 0xC0 == 0x80 }
        while isInsideCharacter(lower) { lower += 1 }
        while upper > lower, isInsideCharacter(upper) { upper -= 1 }
        return String(decoding: bytes[lower..<max(lower, upper)], as: UTF8.self)
    }
}
