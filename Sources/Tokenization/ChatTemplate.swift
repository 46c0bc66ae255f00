/// A prompt rendered from a chat template, and where the user's text lies in it.
package struct RenderedPrompt: Sendable, Equatable {
    /// The whole prompt.
    package let text: String
    /// Where the user's text lies, as offsets into the UTF-8 form of `text`. Empty, at the place where the text would
    /// have stood, when the template trims it to nothing.
    package let contentRange: Range<Int>
}

/// A checkpoint's chat template: the subset of Jinja that the templates of instruct models use to render a system and
/// a user message.
///
/// Rendering equals that of Hugging Face's `apply_chat_template` (jinja2 with `trim_blocks` and `lstrip_blocks`, no
/// automatic escaping), with these deliberate deviations:
/// - **A date never moves a vector.** `strftime_now(format)` always formats midnight of 26 July 2024, the date that the
///   templates of Llama 3 fall back to themselves, and `date_string` is left undefined. The rendering of a text is the
///   same on every day.
/// - What lies outside the subset is refused by `init(source:)`, not when a request first reaches it.
/// - Lists and dictionaries are printed by `tojson` only, texts neither repeated by `*` nor looped over; integers have 64
///   bits, and there are no floats. A template that tries gets an error when it is rendered.
/// - Steps, bytes and nesting are bounded, so that a hostile template costs an error and not the process.
///
/// The user's text is only ever data: it is never parsed, and its place is known by construction, not found by a search.
package struct ChatTemplate: Sendable {
    /// The template as it stands in the checkpoint.
    package let source: String
    private let statements: [JinjaStatement]

    /// Parses a template.
    ///
    /// - Throws: `syntax`, `unsupported`, `nestingTooDeep` or `sourceTooLarge`.
    package init(source: String) throws(ChatTemplateError) {
        let limit = 1 << 20
        guard source.utf8.count <= limit else {
            throw .sourceTooLarge(found: source.utf8.count, limit: limit)
        }
        self.source = source
        var parser = JinjaParser(tokens: try JinjaLexer.tokenize(source))
        statements = try parser.parseTemplate()
    }

    /// Renders a system message and a user message.
    ///
    /// - Parameters:
    ///   - text: the content of the user message.
    ///   - beginOfText: the template's `bos_token`; undefined there if nil.
    ///   - endOfText: the template's `eos_token`; undefined there if nil.
    ///   - addGenerationPrompt: whether the assistant's header follows the messages.
    /// - Throws: what the template raises or does wrong while rendering, a limit it exceeds, and
    ///   `contentRenderedTwice` or `contentNotRendered` if the text is not rendered in one place.
    /// - Complexity: linear in the two texts for the templates of the known model families.
    package func render(
        systemPrompt: String, text: String, beginOfText: String?, endOfText: String?, addGenerationPrompt: Bool = true
    ) throws(ChatTemplateError) -> RenderedPrompt {
        let system = JinjaDictionary(message: "system", content: MarkedText(systemPrompt))
        let user = JinjaDictionary(message: "user", content: MarkedText(content: text))
        var variables: [String: JinjaValue] = [
            "messages": .list([.dictionary(system), .dictionary(user)], depth: 2),
            "add_generation_prompt": .boolean(addGenerationPrompt),
            "tools": .none,
            "documents": .none,
        ]
        variables["bos_token"] = beginOfText.map { .text(MarkedText($0)) }
        variables["eos_token"] = endOfText.map { .text(MarkedText($0)) }

        var interpreter = JinjaInterpreter(
            variables: variables, budget: JinjaBudget(inputByteCount: systemPrompt.utf8.count + text.utf8.count))
        try interpreter.execute(statements)
        let output = interpreter.output
        return RenderedPrompt(
            text: String(decoding: output.bytes, as: UTF8.self), contentRange: try output.contentRange())
    }
}
