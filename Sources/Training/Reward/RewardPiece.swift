/// One of the things that a reward is made of: a new one is a file beside these, and a line in the table of options.
package protocol RewardPiece: Sendable {
    /// As metrics and options have it.
    var name: String { get }
    /// The piece's value for each rollout, by group.
    func values(_ batch: RewardBatch) -> [[Double]]
}

/// `cos(q, m)`: what is understood of a text is close to what is understood of its query.
package struct Attraction: RewardPiece {
    package let name = "positive"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { cosine(batch.groups[$0].query, $1.vector) }
    }
}

/// `-cos(q, n)`, as published: the same for all rollouts of a group, so that it cancels in the advantage.
package struct QueryNegative: RewardPiece {
    package let name = "negative"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { group, _ in
            let group = batch.groups[group]
            return group.negative.map { -cosine(group.query, $0) } ?? 0
        }
    }
}

/// The mean of `cos(m, m')` over the group's other rollouts: readings of one text agree.
package struct Consistency: RewardPiece {
    package let name = "consistency"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.groups.map { group in
            group.rollouts.indices.map { index in
                let others = group.rollouts.indices.filter { $0 != index }
                guard !others.isEmpty else { return 0 }
                let sum = others.reduce(0) { $0 + cosine(group.rollouts[index].vector, group.rollouts[$1].vector) }
                return sum / Double(others.count)
            }
        }
    }
}

/// The mean over other groups of their largest `-cos(q, m)`, as published for triplets: the same for all rollouts of a group,
/// so that it cancels in the advantage.
package struct HardestOfOthers: RewardPiece {
    package let name = "hard_negative"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.groups.indices.map { index in
            let query = batch.groups[index].query
            let value = -batch.meanOverOthers(than: index) { other in
                other.rollouts.map { cosine(query, $0.vector) }.max() ?? 0
            }
            return [Double](repeating: value, count: batch.groups[index].rollouts.count)
        }
    }
}

/// The mean of `-cos(m, q)` over the queries of other groups, as published for plain texts: it repels.
package struct RepulsionFromOtherQueries: RewardPiece {
    package let name: String

    /// - Parameter name: of plain texts it is the published `hard_negative`.
    package init(name: String = "repel_queries") {
        self.name = name
    }

    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { group, rollout in
            -batch.meanOverOthers(than: group) { cosine(rollout.vector, $0.query) }
        }
    }
}

/// `-cos(m, n)`: what is understood of a text is far from the text that does not fit its query.
package struct RepulsionFromNegative: RewardPiece {
    package let name = "repel_negative"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { group, rollout in batch.groups[group].negative.map { -cosine(rollout.vector, $0) } ?? 0 }
    }
}

/// The rationale's share of its longest length, negative.
package struct LengthPenalty: RewardPiece {
    package let name = "length"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { $1.tokenLimit == 0 ? 0 : -Double($1.tokens.count) / Double($1.tokenLimit) }
    }
}

/// The share of three-token runs that occurred before in the rationale, negative.
package struct RepetitionPenalty: RewardPiece {
    package let name = "repetition"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { _, rollout in
            let tokens = rollout.tokens
            guard tokens.count > 3 else { return 0 }
            let runs = (0...tokens.count - 3).map { tokens[$0..<$0 + 3] }
            return -Double(runs.count - Set(runs).count) / Double(runs.count)
        }
    }
}

/// 1 where reasoning stands between `<think>` and `</think>` and something follows it, as the system message asks.
package struct FormatReward: RewardPiece {
    package let name = "format"
    package init() {}
    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { _, rollout in
            let parts = rollout.text.split(separator: "</think>", omittingEmptySubsequences: false)
            let hasThought = parts.count == 2 && parts[0].contains("<think>")
            return hasThought && parts[1].contains { !$0.isWhitespace } ? 1 : 0
        }
    }
}
