import Datasets

/// How well held-out examples are told apart, without an update.
struct HeldOutScore {
    /// Numbers for the metrics.
    let metrics: StepMetrics
    /// cos(q, m) - cos(m, n) of each example; without a negative the mean over the queries of others stands for cos(m, n).
    let margins: [Double]

    /// - Parameters:
    ///   - examples: with at least one main rollout each, of which the first counts.
    ///   - reward: as in training.
    init(_ examples: [ExampleRollouts], reward: ContrastiveReward, batch: RewardBatch) {
        var metrics = StepMetrics()
        let similarities = examples.map { cosine($0.query.vector, $0.main[0].vector) }
        let count = Double(max(examples.count, 1))
        margins = examples.indices.map { index -> Double in
            let main = examples[index].main[0].vector
            if let negative = examples[index].negative { return similarities[index] - cosine(main, negative.vector) }
            return similarities[index]
                - batch.meanOverOthers(than: index) { cosine(main, $0.query) }
        }
        let margin = MeanAndError(margins)
        metrics["held_out_margin"] = margin.mean
        metrics["held_out_margin_error"] = margin.error
        metrics["held_out_similarity"] = MeanAndError(similarities).mean
        metrics["held_out_reward"] = MeanAndError(reward.rewards(batch).totals.flatMap { $0 }).mean
        metrics["held_out_cut_off_rate"] = Double(examples.count { $0.main[0].isCutOff }) / count
        metrics["held_out_rationale_length"] =
            Double(examples.reduce(0) { $0 + $1.main[0].sequence.rationale.count }) / count
        self.metrics = metrics
    }
}
