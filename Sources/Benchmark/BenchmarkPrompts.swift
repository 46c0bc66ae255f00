import Tokenization

/// Prompts of a given length that look like texts and differ from each other.
///
/// Prose of the model's own vocabulary, because guesses at what follows, and tokens that are seldom or often seen, may cost
/// differently; without a chat template, so that any length can be had.
package struct BenchmarkPrompts: Sendable {
    private let sentences: [[TokenID]]

    /// The sentences below in a model's tokens.
    package init(tokenizer: Tokenizer) {
        sentences = Self.prose.map { tokenizer.encode(" " + $0, controlTokens: .asText) }
    }

    /// The prompt of a number: sentences in an order of its own, again and again, cut to `count` tokens.
    package func prompt(_ number: Int, count: Int) -> [TokenID] {
        // The number of sentences is prime, so every stride visits all of them.
        var next = number % sentences.count
        let stride = 1 + number / sentences.count % (sentences.count - 1)
        var tokens: [TokenID] = []
        while tokens.count < count {
            tokens += sentences[next]
            next = (next + stride) % sentences.count
        }
        return Array(tokens.prefix(count))
    }

    /// 23 sentences.
    private static let prose = [
        "The river bends twice before it reaches the old mill, and the road follows it on the northern bank.",
        "Interest rates were left unchanged, although two members of the committee had voted for a small cut.",
        "A lighthouse keeper once counted the ships of a whole winter and found fewer than a hundred.",
        "To replace the filter, switch the pump off, wait until the pressure has fallen, and open the lower valve.",
        "Honey bees tell each other where flowers are by the angle and the length of a dance.",
        "The defendant argued that the contract had ended with the last delivery and that nothing was owed.",
        "Copper conducts heat so well that a spoon of it burns the hand that stirs the tea.",
        "After the match the coach praised the goalkeeper and said little about the penalty.",
        "In the second act the two sisters meet again, and neither of them mentions the letter.",
        "Trains to the coast leave every forty minutes from platform six, on Sundays once an hour.",
        "The patient reported a dull pain behind the left knee that grew worse on stairs.",
        "Glaciers carve valleys with a round floor, while rivers cut them to the shape of a wedge.",
        "Our new office has room for thirty desks, a kitchen, and a terrace that nobody may use.",
        "Fold the dough three times, let it rest in the cold overnight, and bake it until it is dark.",
        "The treaty of that year moved the border to the watershed and left four villages divided.",
        "Sorting a list that is nearly in order takes insertion sort hardly any time at all.",
        "Sea levels rose by three millimetres a year, which is twice the mean of the last century.",
        "The violin was made in Cremona, lost in a fire, and found again in the attic of a school.",
        "Please return the signed form within ten days, or your place will be given to somebody else.",
        "Octopuses taste with their arms, and each arm decides for itself what to reach for.",
        "The satellite passes over the station at dawn and sends what it has measured during the night.",
        "Grandmother kept her recipes in a tin box together with stamps, buttons and a foreign coin.",
        "Whoever climbs the tower on a clear day sees the mountains, and on other days the fog.",
    ]
}
