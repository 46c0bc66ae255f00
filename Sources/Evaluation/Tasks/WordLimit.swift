/// How much of a text is embedded, in words: what white space parts.
package struct WordLimit: Sendable, Equatable {
    /// 0 keeps all.
    package let words: Int

    /// - Precondition: not negative.
    package init(words: Int) {
        precondition(words >= 0, "\(words) words")
        self.words = words
    }

    /// The text up to the end of its last word that is allowed, as it stands there.
    package func cut(_ text: String) -> String {
        guard words > 0 else { return text }
        var (count, isInsideWord) = (0, false)
        for index in text.unicodeScalars.indices {
            let isSpace = text.unicodeScalars[index].properties.isWhitespace
            if !isSpace, !isInsideWord {
                count += 1
                // What follows the last word is left out with it.
                if count > words { return String(text[..<index]).trimmingTrailingWhitespace() }
            }
            isInsideWord = !isSpace
        }
        return text
    }
}

extension String {
    fileprivate func trimmingTrailingWhitespace() -> String {
        guard let last = unicodeScalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(unicodeScalars[...last])
    }
}
