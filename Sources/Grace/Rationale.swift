import Foundation

/// A rationale's text and its two parts (method, section 1.1).
package struct Rationale: Sendable, Equatable {
    /// All that the model wrote, control tokens left out.
    package let text: String
    /// What stands inside the first `<think>…</think>`; nil without such a pair.
    package let reasoning: String?
    /// What follows that pair; without one, all of the text.
    package let understanding: String

    /// Splits the text at its first `<think>` and the first `</think>` after it.
    package init(_ text: String) {
        self.text = text
        // By bytes: a combining mark after the tag must not hide it.
        guard let open = text.range(of: "<think>", options: .literal),
            let close = text.range(of: "</think>", options: .literal, range: open.upperBound..<text.endIndex)
        else {
            reasoning = nil
            understanding = text
            return
        }
        reasoning = String(text[open.upperBound..<close.lowerBound])
        understanding = String(text[close.upperBound...])
    }
}
