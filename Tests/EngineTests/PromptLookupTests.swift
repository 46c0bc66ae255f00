import Engine
import TestSupport
import Testing
import Transformer

private struct Lookup: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let tokens: [TokenID]
    let limit: Int
    let draft: [TokenID]

    init(_ description: String, _ tokens: [TokenID], limit: Int = 9, _ draft: [TokenID]) {
        testDescription = description
        self.tokens = tokens
        self.limit = limit
        self.draft = draft
    }
}

/// The definition, without an index: what follows the most recent earlier occurrence of three tokens, else of two.
private func definition(_ tokens: [TokenID], limit: Int) -> [TokenID] {
    for length in [3, 2] where tokens.count > length {
        let tail = tokens.suffix(length)
        guard let end = (length..<tokens.count).last(where: { tokens[($0 - length)..<$0].elementsEqual(tail) }) else {
            continue
        }
        let match = zip(tokens[..<end].reversed(), tokens.reversed()).prefix { $0 == $1 }.count
        return (0..<min(match, limit)).map { tokens[end + $0 % (tokens.count - end)] }
    }
    return []
}

@Suite("PromptLookup")
struct PromptLookupTests {
    private static let lookups = [
        Lookup("Nothing is guessed from nothing", [], []),
        Lookup("… nor from one token, or two", [1, 1], []),
        Lookup("Without a repetition there is no guess", [1, 2, 3, 4, 5], []),
        Lookup("One token that is met again is no repetition", [1, 2, 3, 4, 1], []),
        Lookup("Two tokens that are met again go on for two", [1, 2, 3, 4, 5, 1, 2], [3, 4]),
        Lookup("Three go on for three", [1, 2, 3, 4, 5, 6, 7, 1, 2, 3], [4, 5, 6]),
        Lookup("… and four for four", [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3], [4, 5, 6, 7]),
        Lookup("… up to the limit", [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3], limit: 1, [4]),
        Lookup("… which may be nothing", [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3], limit: 0, []),
        Lookup("The most recent occurrence counts", [1, 2, 7, 8, 1, 2, 5, 6, 1, 2], [5, 6]),
        Lookup("… but one of three tokens before one of two", [9, 1, 2, 7, 8, 0, 1, 2, 5, 9, 1, 2], [7, 8, 0]),
        Lookup("What repeats itself goes on repeating itself", [5, 5, 5, 5, 5], [5, 5, 5, 5]),
        Lookup("… with its period", [7, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2]),
        Lookup("Negative and large tokens are tokens", [-1, .max, 3, -1, .max], [3, -1]),
    ]

    @Test("A sequence is guessed to go on as it did before", arguments: lookups)
    fileprivate func drafts(lookup: Lookup) {
        var whole = PromptLookup()
        #expect(whole.draft(after: lookup.tokens, limit: lookup.limit) == lookup.draft)
        // The same when asked twice, and after every token.
        #expect(whole.draft(after: lookup.tokens, limit: lookup.limit) == lookup.draft)
        var steps = PromptLookup()
        for count in 0..<lookup.tokens.count {
            _ = steps.draft(after: Array(lookup.tokens.prefix(count)), limit: 3)
        }
        #expect(steps.draft(after: lookup.tokens, limit: lookup.limit) == lookup.draft)
    }

    @Test("The index finds what a search through all tokens finds", arguments: [2, 3, 8, 40])
    func againstDefinition(alphabet: TokenID) {
        var generator = SeededGenerator(seed: UInt64(alphabet))
        for _ in 0..<200 {
            var lookup = PromptLookup()
            var tokens: [TokenID] = []
            for _ in 0..<Int.random(in: 1...25, using: &generator) {
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    tokens.append(TokenID.random(in: 0..<alphabet, using: &generator))
                }
                let limit = Int.random(in: 0...20, using: &generator)
                #expect(lookup.draft(after: tokens, limit: limit) == definition(tokens, limit: limit))
            }
        }
    }
}
