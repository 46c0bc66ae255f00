/// The reward of rollouts (method, section 2): a weighted sum of pieces, and what becomes of those that were cut off.
package struct ContrastiveReward: Sendable {
    /// A piece and what it counts.
    package struct Part: Sendable {
        /// What is rewarded.
        package let piece: any RewardPiece
        /// How much of it.
        package let weight: Double
        /// Whether the temperature divides it: similarities.
        package let isSimilarity: Bool

        /// Takes all as they are.
        package init(_ piece: any RewardPiece, weight: Double, isSimilarity: Bool = true) {
            self.piece = piece
            self.weight = weight
            self.isSimilarity = isSimilarity
        }
    }

    /// What is summed up.
    package let parts: [Part]
    /// Similarities are divided by it; over 0.
    package let temperature: Double
    /// What a rollout gets that the limit ended, instead of the sum; nil keeps the sum.
    package let truncatedReward: Double?

    /// Takes all as they are.
    package init(parts: [Part], temperature: Double = 0.1, truncatedReward: Double? = -1) {
        self.parts = parts
        self.temperature = temperature
        self.truncatedReward = truncatedReward
    }

    /// The published reward.
    ///
    /// - Parameters:
    ///   - hasNegatives: whether the data are triplets.
    ///   - positiveWeight: of the similarity to the query.
    ///   - consistencyWeight: of the agreement within a group.
    ///   - hardNegativeWeight: of what the other groups are compared with.
    package static func publishedParts(
        hasNegatives: Bool, positiveWeight: Double = 1, consistencyWeight: Double = 0.2,
        hardNegativeWeight: Double = 0.2
    ) -> [Part] {
        let consistency = Part(Consistency(), weight: consistencyWeight)
        guard hasNegatives else {
            return [
                Part(Attraction(), weight: positiveWeight), consistency,
                Part(RepulsionFromOtherQueries(name: "hard_negative"), weight: hardNegativeWeight),
            ]
        }
        return [
            Part(Attraction(), weight: positiveWeight), Part(QueryNegative(), weight: 1), consistency,
            Part(HardestOfOthers(), weight: hardNegativeWeight),
        ]
    }

    /// Rewards, and what they are made of.
    package struct Outcome: Sendable, Equatable {
        /// For each rollout, by group.
        package let totals: [[Double]]
        /// The value of each piece before its weight, of every rollout, by group: similarities over the temperature.
        package let pieces: [String: [[Double]]]
    }

    /// Rewards every rollout.
    package func rewards(_ batch: RewardBatch) -> Outcome {
        var totals = batch.map { _, _ in 0 }
        var pieces: [String: [[Double]]] = [:]
        for part in parts {
            let divisor = part.isSimilarity ? temperature : 1
            let values = part.piece.values(batch).map { $0.map { $0 / divisor } }
            pieces[part.piece.name] = values
            for (group, values) in values.enumerated() {
                for (rollout, value) in values.enumerated() {
                    totals[group][rollout] += part.weight * value
                }
            }
        }
        if let truncatedReward {
            for (group, rollouts) in batch.groups.map(\.rollouts).enumerated() {
                for (index, rollout) in rollouts.enumerated() where rollout.isCutOff {
                    totals[group][index] = truncatedReward
                }
            }
        }
        return Outcome(totals: totals, pieces: pieces)
    }
}

/// What each rollout was better than its group (method, section 2).
package enum Advantages {
    /// Rewards minus their group's mean, not divided by the deviation.
    package static func advantages(of rewards: [[Double]]) -> [[Double]] {
        rewards.map { group in
            let mean = group.reduce(0, +) / Double(max(group.count, 1))
            return group.map { $0 - mean }
        }
    }
}
