import Foundation
import TestSupport
import Testing
import Tokenization

/// How much longer than usual fuzz tests run.
enum ChatTemplateFuzzRounds {
    static let multiplier = max(1, ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1)
}

@Suite("Damaged chat templates")
struct ChatTemplateFuzzTests {
    private static let seeds = [
        ChatTemplateSources.chatML, ChatTemplateSources.headers, ChatTemplateSources.reasoning,
        ChatTemplateSources.oneLine,
        "{% set n = namespace(x=[1, 'a'], y={'k': 2}) %}{{ n.x[::-1][0:9] | tojson ~ n.y.k // 3 | int(2) }}"
            + "{% for m in messages %}{% set n.x = n.x + n.x %}{{ (m.role ~ 2) | tojson(indent=2) }}{% endfor %}"
            + "{{ messages[1].content.replace('a', 'b').split('b')[-1] if 1 < 2 <= 3 and not none is defined }}",
    ]

    @Test("A damaged template is refused, raises an error or renders", arguments: 0..<5)
    func mutatedTemplates(seed: Int) {
        var mutator = Mutator(seed: UInt64(seed))
        var generator = SeededGenerator(seed: UInt64(seed))
        var rendered = 0
        for _ in 0..<2000 * ChatTemplateFuzzRounds.multiplier {
            let source = String(decoding: mutator.mutate(Array(Self.seeds[seed].utf8)), as: UTF8.self)
            let text = ChatTemplateRandomText.make(using: &generator)
            do throws(ChatTemplateError) {
                let prompt = try ChatTemplate(source: source).render(
                    systemPrompt: "S", text: text, beginOfText: "<s>", endOfText: "</s>")
                #expect(prompt.contentRange.upperBound <= prompt.text.utf8.count)
                rendered += 1
            } catch {
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(rendered > 0)
    }

    @Test("Tokens in any order are refused, raise an error or render")
    func shuffledTokens() {
        let pieces = [
            "{%", "%}", "{{", "}}", "{#", "#}", "-", "+", " ", "\n", "if", "elif", "else", "endif", "for", "in",
            "endfor",
            "set", "x", "=", "==", "(", ")", "[", "]", "{", "}", ":", ",", ".", "|", "is", "not", "defined", "trim",
            "'a'", "1", "messages", "content", "loop", "index", "namespace", "~", "<", "{% if x %}", "{% endif %}",
            "{% for x in messages %}", "{% endfor %}", "{{ x }}", "{{ messages[1].content }}", "{% set x = 1 %}",
        ]
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<20000 * ChatTemplateFuzzRounds.multiplier {
            let count = Int.random(in: 1...20, using: &generator)
            let source = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            do throws(ChatTemplateError) {
                let prompt = try ChatTemplate(source: source).render(
                    systemPrompt: "S", text: "T", beginOfText: nil, endOfText: nil)
                #expect(Array(prompt.text.utf8)[prompt.contentRange].elementsEqual("T".utf8))
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
