import Testing
import Tokenization

@Suite("Chat templates")
struct ChatTemplateTests {
    private func render(_ source: String, system: String = "S", text: String, generation: Bool = true) throws
        -> RenderedPrompt
    {
        try ChatTemplate(source: source).render(
            systemPrompt: system, text: text, beginOfText: "<s>", endOfText: "</s>", addGenerationPrompt: generation)
    }

    @Test(
        "ChatML renders the messages as they are",
        arguments: [ChatTemplateSources.chatML, ChatTemplateSources.reasoning, ChatTemplateSources.oneLine])
    func chatML(source: String) throws {
        let prompt = try render(source, system: "Read. ", text: " Hello\n")
        #expect(
            prompt.text == """
                <|im_start|>system
                Read. <|im_end|>
                <|im_start|>user
                 Hello
                <|im_end|>
                <|im_start|>assistant

                """)
        #expect(prompt.contentRange == 53..<60)
    }

    @Test("Headers render trimmed messages and the pinned date")
    func headers() throws {
        let prompt = try render(ChatTemplateSources.headers, system: " Read. ", text: " Hello\n")
        #expect(
            prompt.text == """
                <s><|start_header_id|>system<|end_header_id|>

                Today Date: 26 Jul 2024

                Read.<|eot_id|><|start_header_id|>user<|end_header_id|>

                Hello<|eot_id|><|start_header_id|>assistant<|end_header_id|>


                """)
        #expect(prompt.contentRange == 129..<134)
    }

    @Test("The assistant's header is left out on demand")
    func withoutGenerationPrompt() throws {
        let prompt = try render(ChatTemplateSources.oneLine, text: "T", generation: false)
        #expect(prompt.text == "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nT<|im_end|>\n")
    }

    @Test("A token that the checkpoint lacks is undefined")
    func undefinedTokens() throws {
        let template = try ChatTemplate(
            source: "{{ bos_token is defined }}{{ bos_token }}{{ eos_token is defined }}{{ messages[1].content }}")
        let prompt = try template.render(systemPrompt: "S", text: "T", beginOfText: nil, endOfText: "</s>")
        #expect(prompt.text == "FalseTrueT")
    }

    @Test(
        "Every date is 26 July 2024",
        arguments: [
            ("%d %b %Y", "26 Jul 2024"), ("%Y-%m-%d", "2024-07-26"), ("%A, %d %B %Y", "Friday, 26 July 2024"),
            ("%a %y %j %H:%M:%S %I %p 100%%", "Fri 24 208 00:00:00 12 AM 100%"),
        ])
    func dates(format: String, expected: String) throws {
        #expect(try render("{{ strftime_now('\(format)') }}{{ messages[1].content }}", text: "").text == expected)
    }

    @Test(
        "What looks like a template in the messages stays as it is",
        arguments: ["{{ bos_token }}", "{% if %}", "{# c #}", "{%- endfor -%}", "}}", "'", "\\n", "{{", "\r\n", "\0"])
    func textIsData(text: String) throws {
        let prompt = try render(ChatTemplateSources.oneLine, system: text, text: text)
        #expect(
            prompt.text == "<|im_start|>system\n\(text)<|im_end|>\n<|im_start|>user\n\(text)<|im_end|>\n"
                + "<|im_start|>assistant\n")
    }

    @Test("A long text is rendered, whatever its length")
    func longText() throws {
        let text = String(repeating: "word ", count: 400_000)
        for source in [ChatTemplateSources.chatML, ChatTemplateSources.headers, ChatTemplateSources.reasoning] {
            let prompt = try render(source, text: text)
            #expect(prompt.contentRange.count >= text.utf8.count - 1)
        }
    }
}
