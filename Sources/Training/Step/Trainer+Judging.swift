import Datasets
import Grace
import RandomNumbers
import TensorGradients

extension Trainer {
    /// A rationale that was written of a held-out text.
    package struct Sample: Sendable, Equatable {
        package let text: String
        package let rationale: String
        package let isCutOff: Bool

        /// Takes all as they are.
        package init(text: String, rationale: String, isCutOff: Bool) {
            self.text = text
            self.rationale = rationale
            self.isCutOff = isCutOff
        }
    }

    /// What held-out examples say of the model.
    package struct Judgement: Sendable {
        /// Numbers for the metrics.
        package var metrics = StepMetrics()
        /// How much nearer the query is than the negative, or than other queries: of each example.
        package var margins: [Double] = []
        /// Rationales to show.
        package var samples: [Sample] = []
    }

    /// Judges the model by held-out examples, with the same seeds at every step.
    ///
    /// - Parameter sampleCount: rationales to be shown.
    /// - Throws: `TrainingError`
    package func evaluate(sampleCount: Int) async throws(TrainingError) -> Judgement {
        var examples: [TrainingExample] = []
        for index in 0..<min(settings.heldOutCount, heldOut.count(of: .heldOut)) {
            examples.append(try example(index, .heldOut, of: heldOut))
        }
        guard !examples.isEmpty else { return Judgement() }
        let rollouts = try await write(
            examples, by: writer.with(count: 1), seed: SplitMix64.mixed(settings.seed &+ 2))
        let score = HeldOutScore(rollouts, reward: settings.reward, batch: rewardBatch(rollouts))
        var metrics = score.metrics
        let main = rollouts.map { $0.main[0].sequence }
        let pass = MiniBatchPass(pass: pass, sharedPrefix: writer.sharedPrefix, dropout: nil, ranks: ranks)
        let temperature = Float(settings.rollouts.temperature)
        let now = try pass.scores(main, temperature: temperature).flatMap { $0 }
        let before = try startScores(main).flatMap { $0 }
        metrics["held_out_kl_to_start"] =
            MeanAndError(
                zip(now, before).map { now, before in
                    settings.policyGradient.term(
                        logProbability: Double(now.logProbability), old: Double(now.logProbability),
                        start: Double(before.logProbability), advantage: 0
                    ).divergence
                }
            ).mean
        let samples = zip(examples, rollouts).prefix(sampleCount).map { example, rollout in
            Sample(
                text: example.main, rationale: writer.text(of: rollout.main[0]), isCutOff: rollout.main[0].isCutOff)
        }
        return Judgement(metrics: metrics, margins: score.margins, samples: samples)
    }
}
