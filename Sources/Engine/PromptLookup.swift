import Transformer

/// Guesses how a sequence goes on: as it went on after the most recent earlier occurrence of its last three tokens, or
/// else of its last two. Rationales quote their text, and repeat themselves.
package struct PromptLookup: Sendable {
    /// Two tokens, or three.
    private struct Gram: Hashable {
        let first: TokenID?
        let second: TokenID
        let third: TokenID

        /// The `length` tokens before `end`.
        init(_ tokens: [TokenID], end: Int, length: Int) {
            first = length == 3 ? tokens[end - 3] : nil
            second = tokens[end - 2]
            third = tokens[end - 1]
        }
    }

    /// Where the last occurrence of a gram ends, among those that end before `indexedCount`.
    private var ends: [Gram: Int] = [:]
    private var indexedCount = 0

    /// A lookup that has seen nothing.
    package init() {}

    /// The next tokens, as many as the earlier occurrence has tokens in common with the end of the sequence: the longer a
    /// match is, the longer it goes on. Empty where there is no match.
    ///
    /// - Parameter tokens: those of the last call, and more.
    /// - Complexity: linear in the tokens that are new since the last call, plus `limit`.
    package mutating func draft(after tokens: [TokenID], limit: Int) -> [TokenID] {
        index(tokens)
        guard let end = earlierEnd(tokens) else { return [] }
        var length = 0
        while length < min(limit, end), tokens[end - 1 - length] == tokens[tokens.count - 1 - length] {
            length += 1
        }
        var draft: [TokenID] = []
        for position in end..<end + length {
            // What overlaps the end of the sequence repeats itself.
            draft.append(position < tokens.count ? tokens[position] : draft[position - tokens.count])
        }
        return draft
    }

    /// Notes all grams but those that end the sequence.
    private mutating func index(_ tokens: [TokenID]) {
        while indexedCount < tokens.count - 1 {
            indexedCount += 1
            for length in [2, 3] where indexedCount >= length {
                ends[Gram(tokens, end: indexedCount, length: length)] = indexedCount
            }
        }
    }

    private func earlierEnd(_ tokens: [TokenID]) -> Int? {
        for length in [3, 2] where tokens.count > length {
            if let end = ends[Gram(tokens, end: tokens.count, length: length)] { return end }
        }
        return nil
    }
}
