import TestSupport
import Testing
import Tokenization

/// Renderings of the templates that models are published with equal jinja2's, configured as transformers has it.
@Suite(.enabled(if: PublishedDirectory.isNamed, Comment(rawValue: PublishedDirectory.skipReason)))
struct PublishedTemplateTests {
    /// An entry of `templates.json`.
    private struct Template: Decodable {
        struct Rendering: Decodable {
            let systemPrompt: String
            let text: String
            /// Python's `text.strip()`.
            let trimmedText: String
            /// What jinja2 makes of the two; nil where it fails.
            let rendered: String?
        }

        let name: String
        let source: String
        let beginOfText: String?
        let endOfText: String?
        let renderings: [Rendering]

        func render(_ rendering: Rendering) throws -> RenderedPrompt {
            try ChatTemplate(source: source).render(
                systemPrompt: rendering.systemPrompt, text: rendering.text, beginOfText: beginOfText,
                endOfText: endOfText)
        }
    }

    private static let served = [
        "Qwen-Qwen2.5-7B-Instruct", "Qwen-Qwen3-0.6B", "meta-llama-Llama-3.2-3B-Instruct", "Qwen-QwQ-32B",
        "meta-llama-Llama-3.1-8B-Instruct", "meta-llama-Llama-3.3-70B-Instruct",
        "deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "deepseek-ai-DeepSeek-R1-Distill-Qwen-32B",
    ]
    /// They are for models that call tools; jinja2, too, renders the last three of them only with tools.
    private static let refused: [(name: String, error: ChatTemplateError)] = [
        ("meetkai-functionary-medium-v3.1", .unsupported(line: 5, construct: "the filter 'selectattr'")),
        ("meetkai-functionary-medium-v3.2", .unsupported(line: 1, construct: "the statement 'macro'")),
        ("NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use", .unsupported(line: 1, construct: "the statement 'macro'")),
        ("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", .unsupported(line: 1, construct: "the statement 'macro'")),
        ("fireworks-ai-llama-3-firefunction-v2", .unsupported(line: 3, construct: "a 'set' without one name and '='")),
    ]

    private func templates() throws -> [Template] {
        try PublishedDirectory.decode([Template].self, from: "templates.json")
    }

    private func template(_ name: String) throws -> Template {
        try #require(templates().first { $0.name == name })
    }

    @Test("A published template renders as jinja2 renders it, and its text lies where it says", arguments: served)
    func renders(name: String) throws {
        let template = try template(name)
        #expect(!template.renderings.isEmpty)
        for rendering in template.renderings {
            let expected = try #require(rendering.rendered)
            let prompt = try template.render(rendering)
            #expect(sameScalars(prompt.text, expected), "\(rendering.text)")
            let content = Array(Array(prompt.text.utf8)[prompt.contentRange])
            #expect(
                [rendering.text, rendering.trimmedText].contains { content == Array($0.utf8) }, "\(rendering.text)")
        }
    }

    @Test("A published template beyond the subset is refused, and says why", arguments: refused)
    func refuses(name: String, error: ChatTemplateError) throws {
        let template = try template(name)
        let rendering = try #require(template.renderings.first)
        #expect(throws: error) { try template.render(rendering) }
    }

    @Test("Every published template is rendered or refused")
    func covers() throws {
        #expect(try Set(templates().map(\.name)) == Set(Self.served + Self.refused.map(\.name)))
    }
}
