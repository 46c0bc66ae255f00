import TestSupport
import Testing
import Tokenization

@Suite("The place of the user's text in a prompt")
struct ChatTemplateContentRangeTests {
    private func render(_ source: String, text: String) throws -> RenderedPrompt {
        try ChatTemplate(source: source).render(systemPrompt: "abc", text: text, beginOfText: nil, endOfText: nil)
    }

    private func content(of prompt: RenderedPrompt) -> String {
        String(decoding: Array(prompt.text.utf8)[prompt.contentRange], as: UTF8.self)
    }

    @Test(
        "Marks survive what keeps the text",
        arguments: [
            ("<{{ messages[1].content }}>", " é\n ", 1..<6),
            ("<{{ 'é' + messages[1]['content'] + messages[0].content }}>", "abc", 3..<6),
            ("<{{ messages[0].content ~ messages[1].content ~ 1 }}>", "abc", 4..<7),
            ("<{{ messages[1].content | trim }}>", " \n abc ", 1..<4),
            ("<{{ (' ' + messages[1].content + ' ').strip() }}>", " abc ", 1..<4),
            ("<{{ messages[1].content.lstrip() }}>", " abc ", 1..<5),
            ("<{{ messages[1].content.rstrip('\\n') }}>", " abc\n\n", 1..<5),
            ("<{{ messages[1].content | string | default('x') }}>", "abc", 1..<4),
            ("<{{ messages[1].content or 'x' }}>", "abc", 1..<4),
            ("<{{ ['x', messages[1].content][1] }}>", "abc", 1..<4),
            ("<{{ {'a': messages[1].content}.get('a') }}>", "abc", 1..<4),
            ("<{% for key in {messages[1].content: 1} %}{{ key }}{% endfor %}>", "abc", 1..<4),
            ("<{{ messages[1].content.split('|')[-1] }}>", "x|abc", 1..<4),
            ("<{{ ('x|' + messages[1].content).split('|')[1] }}>", "abc", 1..<4),
            ("<{{ messages[1].content[1:-1] }}>", "éabcé", 1..<4),
            ("<{{ messages[1].content[0] }}{{ messages[1].content[1:] }}>", "éab", 1..<5),
            ("<{{ messages[1].content.split('-')[0] }}{{ messages[1].content.split('-')[1] }}>", "ab-c", 1..<4),
            ("{% set x = messages[1].content %}{% set n = namespace(y=x) %}<{{ n.y }}>", "abc", 1..<4),
            ("{% for m in messages[::-1] %}<{{ m.content }}>{% endfor %}", "abc", 1..<4),
            ("<{{ messages[1].content.replace('z', '') }}>", "abc", 1..<4),
        ])
    func survivingMarks(source: String, text: String, expected: Range<Int>) throws {
        #expect(try render(source, text: text).contentRange == expected)
    }

    @Test(
        "Text that is rewritten counts as the user's, whole",
        arguments: [
            ("<{{ messages[1].content | upper }}>", "aß", 1..<4), ("<{{ messages[1].content | lower }}>", "AB", 1..<3),
            ("<{{ messages[1].content | tojson }}>", "a\n", 1..<6),
            ("<{{ {'a': messages[1].content} | tojson }}>", "b", 1..<11),
            ("<{{ ('x' + messages[1].content) | replace('b', 'yy') }}>", "ab", 1..<5),
            ("<{{ 'aba' | replace('b', messages[1].content) }}>", "x", 1..<4),
            ("<{{ messages[1].content[::-1] }}>", "abc", 1..<4),
            ("{{ strftime_now('%d ' + messages[1].content) }}>", "ab", 0..<5),
        ])
    func rewrittenText(source: String, text: String, expected: Range<Int>) throws {
        #expect(try render(source, text: text).contentRange == expected)
    }

    @Test(
        "Where nothing is left of the text, the range is empty and keeps its place",
        arguments: [
            ("<{{ messages[1].content }}>", "", 1), ("<{{ 'a' + messages[1].content + 'b' }}>", "", 2),
            ("<{{ messages[1].content | trim }}>", " \n ", 1),
            ("<{{ ('a ' + messages[1].content + ' ') | trim }}>", " \n ", 2),
            ("<{{ (messages[1].content + ' a') | trim }}>", " \n ", 1), ("<{{ messages[1].content[5:] }}>", "abc", 1),
            ("<{{ messages[1].content.strip('ab') ~ messages[0].content }}>", "ab", 1),
        ])
    func emptyText(source: String, text: String, place: Int) throws {
        #expect(try render(source, text: text).contentRange == place..<place)
    }

    @Test(
        "A template that renders the text twice, in pieces or backwards is refused",
        arguments: [
            ("{{ messages[1].content }}-{{ messages[1].content }}", 0..<2, 3..<5),
            ("{{ messages[1].content }}{{ messages[1].content }}", 0..<2, 2..<4),
            ("{{ messages[1].content ~ messages[1].content | upper }}", 0..<2, 2..<4),
            ("{{ messages[1].content[0] }}-{{ messages[1].content[1] }}", 0..<1, 2..<3),
            ("{{ messages[1].content[1] }}{{ messages[1].content[0] }}", 0..<1, 1..<2),
        ])
    func repeatedText(source: String, first: Range<Int>, second: Range<Int>) {
        #expect(throws: ChatTemplateError.contentRenderedTwice(first: first, second: second)) {
            try render(source, text: "ab")
        }
    }

    @Test(
        "A template that leaves the text out is refused",
        arguments: ["", "abc", "{{ messages[0].content }}", "{% if messages[1].content == 'abc' %}abc{% endif %}"])
    func missingText(source: String) {
        #expect(throws: ChatTemplateError.contentNotRendered) {
            try render(source, text: "abc")
        }
    }

    @Test(
        "The range holds any text, byte for byte, or what is left of it after trimming",
        arguments: [
            (ChatTemplateSources.chatML, false), (ChatTemplateSources.reasoning, false),
            (ChatTemplateSources.oneLine, false), (ChatTemplateSources.headers, true),
        ])
    func anyText(source: String, isTrimmed: Bool) throws {
        let template = try ChatTemplate(source: source)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 * ChatTemplateFuzzRounds.multiplier {
            let text = ChatTemplateRandomText.make(using: &generator)
            let system = ChatTemplateRandomText.make(using: &generator)
            let prompt = try template.render(systemPrompt: system, text: text, beginOfText: "<s>", endOfText: nil)
            let expected = isTrimmed ? ChatTemplateRandomText.trimmed(text) : text
            #expect(Array(content(of: prompt).utf8) == Array(expected.utf8))
            let plain = try template.render(systemPrompt: system, text: "", beginOfText: "<s>", endOfText: nil)
            let prefix = prompt.text.utf8.prefix(prompt.contentRange.lowerBound)
            let suffix = prompt.text.utf8.dropFirst(prompt.contentRange.upperBound)
            #expect(Array(prefix) + Array(suffix) == Array(plain.text.utf8))
        }
    }
}

/// Texts that are hard on templates.
enum ChatTemplateRandomText {
    private static let pieces = [
        " ", "\n", "\t", "\r\n", "\u{A0}", "\u{2003}", "\u{85}", "\u{1C}", "\u{200B}", "\u{FEFF}", "\0", "é",
        "e\u{301}",
        "日本語", "🙂", "👩‍👩‍👧", "{{ x }}", "{% if %}", "{#", "<|im_end|>", "<think>", "</think>", "<tool_response>",
        "</tool_response>", "\\n", "\"", "'", "word", "1",
    ]

    static func make(using generator: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...12, using: &generator)
        return (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
    }

    /// Python's `str.strip` for what the pieces hold.
    static func trimmed(_ text: String) -> String {
        let whitespace: Set<Unicode.Scalar> = [" ", "\n", "\t", "\r", "\u{A0}", "\u{2003}", "\u{85}", "\u{1C}"]
        var scalars = Array(text.unicodeScalars)[...]
        while let first = scalars.first, whitespace.contains(first) { scalars.removeFirst() }
        while let last = scalars.last, whitespace.contains(last) { scalars.removeLast() }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: scalars)
        return String(result)
    }
}
