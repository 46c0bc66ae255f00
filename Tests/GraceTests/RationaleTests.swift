import Grace
import Testing

@Suite("Rationale")
struct RationaleTests {
    @Test(
        "Reasoning is what the first pair of tags holds, understanding what follows it",
        arguments: [
            ("<think>because</think> a summary", "because", " a summary"),
            ("before <think>a</think> b <think>c</think>", "a", " b <think>c</think>"),
            ("<think></think>", "", ""),
            ("<think>two\nlines</think>\nrest", "two\nlines", "\nrest"),
            ("no tags", nil, "no tags"),
            ("<think>cut off by the limit", nil, "<think>cut off by the limit"),
            ("</think> the wrong way round <think>", nil, "</think> the wrong way round <think>"),
            ("<think>x</think>\u{301}y", "x", "\u{301}y"),
            ("", nil, ""),
        ] as [(String, String?, String)])
    func parts(text: String, reasoning: String?, understanding: String) {
        let rationale = Rationale(text)
        #expect(rationale.text == text)
        #expect(rationale.reasoning == reasoning)
        #expect(Array(rationale.understanding.utf8) == Array(understanding.utf8))
    }
}
