import Tokenization

/// Prompts around tokens that a caller has made.
extension GracePromptBuilder {
    /// The prompt around a text or around tokens.
    ///
    /// - Throws: `GraceError`, that of the two below.
    func prompt(
        for input: EmbeddingInput, limit: Int, truncation: Truncation, index: Int
    ) throws(GraceError) -> GracePrompt {
        switch input {
        case .text(let text): try prompt(for: text, limit: limit, truncation: truncation, index: index)
        case .tokens(let ids): try prompt(forTokens: ids, limit: limit, truncation: truncation, index: index)
        }
    }

    /// The prompt around tokens that stand where a text would, of at most `limit` tokens: they are cut, between two of
    /// them, never the template around them.
    ///
    /// What stands before and after them is tokenised by itself: no token reaches over a border. The prompt is that of the
    /// text that the tokens spell, wherever its own tokens do not reach over them either.
    /// - Parameter index: their place in the request, for the error.
    /// - Throws: `GraceError.unknownToken`, `.controlToken`, `.textTooLong`, `.noRoomForText`, `.template`
    package func prompt(
        forTokens ids: [Int], limit: Int, truncation: Truncation, index: Int = 0
    ) throws(GraceError) -> GracePrompt {
        let text = try checked(ids, index: index)
        let (before, after) = try surroundings()
        let count = before.count + text.count + after.count
        guard count > limit else {
            return GracePrompt(tokens: before + text + after, poolingStart: before.count, isTruncated: false)
        }
        guard truncation != .refuse else { throw .textTooLong(index: index, tokens: count, limit: limit) }
        let room = limit - before.count - after.count
        guard room > 0 else { throw .noRoomForText(promptTokens: before.count + after.count, limit: limit) }
        let kept = truncation == .left ? text.suffix(room) : text.prefix(room)
        return GracePrompt(tokens: before + kept + after, poolingStart: before.count, isTruncated: true)
    }

    /// The tokens, all of which may stand in a text.
    private func checked(_ ids: [Int], index: Int) throws(GraceError) -> [TokenID] {
        var tokens: [TokenID] = []
        tokens.reserveCapacity(ids.count)
        for (position, id) in ids.enumerated() {
            guard let token = tokenizer.token(id) else {
                throw .unknownToken(
                    index: index, position: position, id: id, vocabularySize: tokenizer.vocabularySize)
            }
            guard !tokenizer.isControlToken(token) else {
                throw .controlToken(index: index, position: position, id: id)
            }
            tokens.append(token)
        }
        return tokens
    }

    /// The template's tokens before and after the place of the user's text.
    func surroundings() throws(GraceError) -> (before: [TokenID], after: [TokenID]) {
        do throws(ChatTemplateError) {
            // Any text that no template trims.
            let rendered = try template.render(
                systemPrompt: systemPrompt, text: "text", beginOfText: beginOfText, endOfText: endOfText)
            let bytes = Array(rendered.text.utf8)
            func tokens(_ bytes: ArraySlice<UInt8>) -> [TokenID] {
                tokenizer.encode(String(decoding: bytes, as: UTF8.self), controlTokens: .recognised)
            }
            return (
                tokens(bytes[..<rendered.contentRange.lowerBound]), tokens(bytes[rendered.contentRange.upperBound...])
            )
        } catch {
            throw .template(error)
        }
    }
}

extension Tokenizer {
    /// The token of an identifier from outside; nil if the vocabulary has none.
    func token(_ id: Int) -> TokenID? {
        guard let token = TokenID(exactly: id), !bytes(of: token).isEmpty else { return nil }
        return token
    }
}
