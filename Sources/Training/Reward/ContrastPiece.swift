/// How clearly a rollout finds its query among what does not belong to it: the logarithm of the share that the query has of all
/// of them, `exp(cos / temperature)` each (InfoNCE with the rollout as anchor, van den Oord et al. 2018). The others are the
/// rollout's own negative, and the queries and negatives of other groups.
///
/// What makes a rollout nearer to all of them alike changes nothing: unlike a sum of cosines, it can be neither bland nor strange
/// to be rewarded, whatever the weights.
package struct Contrast: RewardPiece {
    package let name = "contrast"
    /// What cosines are divided by; over 0.
    package let temperature: Double

    /// Takes the temperature as it is.
    package init(temperature: Double) {
        self.temperature = temperature
    }

    package func values(_ batch: RewardBatch) -> [[Double]] {
        batch.map { index, rollout in
            let own = cosine(rollout.vector, batch.groups[index].query) / temperature
            var others = batch.groups.enumerated().flatMap { other, group in
                (other == index ? [] : [group.query]) + [group.negative].compactMap { $0 }
            }.map { cosine(rollout.vector, $0) / temperature }
            others.append(own)
            return LogitShares(others).logarithm(of: own)
        }
    }
}
