/// What rewards look at: the rollouts of some prompts, a group a prompt, and what they are compared with.
package struct RewardBatch: Sendable {
    /// One rationale of a prompt's text, which is trained.
    package struct Rollout: Sendable {
        /// The pooled vector, of length 1.
        package let vector: [Float]
        /// The rationale's tokens, without the one that ended it.
        package let tokens: [Int32]
        /// Whether the limit ended it.
        package let isCutOff: Bool
        /// The most tokens that it might have.
        package let tokenLimit: Int
        /// As text.
        package let text: String

        /// Takes all as they are.
        package init(vector: [Float], tokens: [Int32] = [], isCutOff: Bool, tokenLimit: Int = 0, text: String = "") {
            self.vector = vector
            self.tokens = tokens
            self.isCutOff = isCutOff
            self.tokenLimit = tokenLimit
            self.text = text
        }
    }

    /// The rollouts of one prompt.
    package struct Group: Sendable {
        /// At least one.
        package let rollouts: [Rollout]
        /// Of the query, or of a second reading of the same text; of length 1.
        package let query: [Float]
        /// Of the text that does not fit the query, of length 1; nil where there is none.
        package let negative: [Float]?

        /// Takes all as they are.
        package init(rollouts: [Rollout], query: [Float], negative: [Float]?) {
            self.rollouts = rollouts
            self.query = query
            self.negative = negative
        }
    }

    /// In the order of the prompts.
    package let groups: [Group]

    /// Takes the groups as they are.
    package init(_ groups: [Group]) {
        self.groups = groups
    }

    /// A value for each rollout, by group.
    package func map(_ value: (_ group: Int, _ rollout: Rollout) -> Double) -> [[Double]] {
        groups.enumerated().map { index, group in group.rollouts.map { value(index, $0) } }
    }

    /// The mean over the other groups; 0 where there is none.
    func meanOverOthers(than group: Int, _ value: (Group) -> Double) -> Double {
        guard groups.count > 1 else { return 0 }
        var sum = 0.0
        for (index, other) in groups.enumerated() where index != group { sum += value(other) }
        return sum / Double(groups.count - 1)
    }
}

/// The cosine of two vectors of length 1.
func cosine(_ first: [Float], _ second: [Float]) -> Double {
    zip(first, second).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}
