import Confinement
import Dispatch
import Engine
import Tokenization

/// A token as a client sees it.
package struct TextToken: Sendable, Equatable {
    /// Its place in the vocabulary.
    package let id: Int
    /// What it spells; U+FFFD where that is not whole characters.
    package let text: String
    /// Where it lies in the text's UTF-8, as the tokenizer normalised it; nil of the template's own tokens.
    package let range: Range<Int>?
}

/// Text to tokens and back, without the model.
extension Embedder {
    /// The tokens of texts, which are not cut.
    ///
    /// - Parameters:
    ///   - name: of the checkpoint's prompt that stands before each text.
    ///   - withTemplate: whether the whole prompt is given, as the model would read it.
    /// - Throws: `GraceError.template`, `.unknownPrompt`
    package func tokenize(
        _ texts: [String], behindPrompt name: String? = nil, withTemplate: Bool
    ) async throws(GraceError) -> [[TextToken]] {
        let builder = model.promptBuilder
        let prompt = try name.map { name throws(GraceError) in try model.prompt(name) } ?? ""
        return try await onPromptQueue { isCancelled throws(GraceError) in
            var tokens: [[TextToken]] = []
            for text in texts {
                guard !isCancelled() else { throw .engine(.cancelled) }
                tokens.append(
                    withTemplate ? try builder.promptTokens(of: prompt + text) : builder.tokens(of: prompt + text))
            }
            return tokens
        }
    }

    /// The texts of tokens.
    ///
    /// - Throws: `GraceError.unknownToken`
    package func decode(_ inputs: [[Int]], skipControlTokens: Bool) async throws(GraceError) -> [String] {
        let tokenizer = model.tokenizer
        return try await onPromptQueue { isCancelled throws(GraceError) in
            var texts: [String] = []
            for (index, ids) in inputs.enumerated() {
                guard !isCancelled() else { throw .engine(.cancelled) }
                var tokens: [TokenID] = []
                for (position, id) in ids.enumerated() {
                    guard let token = tokenizer.token(id) else {
                        throw .unknownToken(
                            index: index, position: position, id: id, vocabularySize: tokenizer.vocabularySize)
                    }
                    tokens.append(token)
                }
                texts.append(tokenizer.decode(tokens, skipControlTokens: skipControlTokens))
            }
            return texts
        }
    }

    /// Work on texts, on a queue of its own; what nobody waits for any more is not begun.
    func onPromptQueue<Value: Sendable>(
        _ work: @escaping @Sendable (_ isCancelled: () -> Bool) throws(GraceError) -> Value
    ) async throws(GraceError) -> Value {
        try await on(promptQueue, work)
    }

    /// Work that takes a processor for a while, on a queue; what nobody waits for any more is not begun.
    func on<Value: Sendable>(
        _ queue: DispatchQueue,
        _ work: @escaping @Sendable (_ isCancelled: () -> Bool) throws(GraceError) -> Value
    ) async throws(GraceError) -> Value {
        let isCancelled = Confined(false)
        let result = await withTaskCancellationHandler {
            await runBlocking(on: queue) {
                Result { () throws(GraceError) in
                    guard !isCancelled.withState({ $0 }) else { throw .engine(.cancelled) }
                    return try work { isCancelled.withState { $0 } }
                }
            }
        } onCancel: {
            isCancelled.withState { $0 = true }
        }
        return try result.get()
    }
}

extension GracePromptBuilder {
    /// The tokens of a bare text.
    fileprivate func tokens(of text: String) -> [TextToken] {
        textTokens(tokenizer.encode(text, plainTextRange: 0..<text.utf8.count))
    }

    /// The tokens of the prompt around a text.
    fileprivate func promptTokens(of text: String) throws(GraceError) -> [TextToken] {
        do throws(ChatTemplateError) {
            let rendered = try template.render(
                systemPrompt: systemPrompt, text: text, beginOfText: beginOfText, endOfText: endOfText)
            return textTokens(tokenizer.encode(rendered.text, plainTextRange: rendered.contentRange))
        } catch {
            throw .template(error)
        }
    }

    private func textTokens(_ encoding: Encoding) -> [TextToken] {
        let text = encoding.plainTextRange
        return zip(encoding.ids, encoding.byteRanges).map { id, bytes in
            let ofText = bytes.clamped(to: text)
            return TextToken(
                id: Int(id), text: tokenizer.decode([id], skipControlTokens: false),
                range: ofText.isEmpty
                    ? nil : (ofText.lowerBound - text.lowerBound)..<(ofText.upperBound - text.lowerBound))
        }
    }
}
