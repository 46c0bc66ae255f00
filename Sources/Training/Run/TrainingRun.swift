import Checkpoints
import Foundation
import Grace
import JSON
import SystemPackage

/// A run from its first step to its last: steps, judgements and checkpoints, in a directory that it can go on in.
package struct TrainingRun: Sendable {
    /// When things happen.
    package struct Schedule: Sendable {
        /// Steps in all; nil for as many as the epochs have.
        package var steps: Int?
        package var epochs = 2
        /// Steps from one checkpoint to the next.
        package var saveEvery = 50
        /// Steps from one judgement to the next.
        package var judgeEvery = 10
        /// Checkpoints that stay, beside the best.
        package var keep = 3
        package var learningRate = LearningRateSchedule()
        /// Rationales that are kept of each judgement.
        package var samples = 5

        /// As published.
        package init() {}
    }

    let trainer: Trainer
    /// Of the first rank alone, which writes for all.
    let directory: RunDirectory?
    let schedule: Schedule
    let provenance: Trainer.Provenance
    /// Told of every step: its numbers, and the number of steps in all.
    let onStep: @Sendable (StepMetrics, Int) -> Void
    /// Whether somebody asks the run to end after the step that it is at.
    let shouldStop: @Sendable () -> Bool

    /// Takes all as they are.
    ///
    /// - Parameter directory: nil for a rank that is not the first.
    package init(
        _ trainer: Trainer, in directory: RunDirectory?, schedule: Schedule, provenance: Trainer.Provenance,
        shouldStop: @escaping @Sendable () -> Bool, onStep: @escaping @Sendable (StepMetrics, Int) -> Void
    ) {
        self.trainer = trainer
        self.directory = directory
        self.schedule = schedule
        self.provenance = provenance
        self.shouldStop = shouldStop
        self.onStep = onStep
    }

    /// Goes on from the last checkpoint, if there is one.
    ///
    /// - Returns: the step that it is of; nil where there is none, and of a rank that is not the first.
    /// - Throws: `TrainingError`
    package func resume() async throws(TrainingError) -> Int? {
        let step = try directory?.steps().last
        if let directory, let step {
            try await trainer.resume(from: directory.checkpoint(step: step), provenance: provenance)
        }
        // What was made after the last checkpoint, or before the first one, is made once more.
        try directory?.forget(after: step ?? -1)
        try await trainer.followFirst()
        return step
    }

    /// Makes all steps that are left. Where it ends early, by an error or because it is asked to, what is there can be gone on
    /// from.
    ///
    /// - Throws: `TrainingError`
    package func run() async throws(TrainingError) {
        try await trainer.checkStart(provenance)
        let stepCount = await trainer.stepCount(schedule)
        var made = await trainer.position.step
        if made == 0 {
            // Where the curves begin.
            var start = StepMetrics()
            start["step"] = 0
            try await judge(&start, step: 0)
            try directory?.append(start)
            onStep(start, stepCount)
        }
        while made < stepCount {
            let rateShare = schedule.learningRate.share(ofStep: made, of: stepCount)
            var metrics = try await trainer.step(rateShare: rateShare)
            made += 1
            let isAskedToStop = await trainer.isSoAnywhere(shouldStop())
            let isLast = made == stepCount || isAskedToStop
            if made % schedule.judgeEvery == 0 || isLast { try await judge(&metrics, step: made) }
            try directory?.append(metrics)
            if made % schedule.saveEvery == 0 || isLast { try await save(metrics, step: made) }
            onStep(metrics, stepCount)
            if isLast { break }
        }
    }

    private func judge(_ metrics: inout StepMetrics, step: Int) async throws(TrainingError) {
        let judged = try await trainer.evaluate(sampleCount: schedule.samples)
        metrics.merge(judged.metrics)
        guard let directory else { return }
        if let start = try directory.margins(ofStep: 0), start.count == judged.margins.count {
            // Of each example, for examples differ far more from each other than one does from step to step.
            let rise = MeanAndError(zip(judged.margins, start).map { $0 - $1 })
            metrics["held_out_margin_rise"] = rise.mean
            metrics["held_out_margin_rise_error"] = rise.error
        }
        try directory.append(margins: judged.margins, step: step)
        try directory.append(judged.samples, step: step)
    }

    private func save(_ metrics: StepMetrics, step: Int) async throws(TrainingError) {
        try await trainer.checkWeights()
        guard let directory else { return }
        try await trainer.save(
            to: directory.checkpoint(step: step), provenance: provenance, metrics: metrics)
        let rewards = try directory.values(of: "held_out_reward")
        let steps = try directory.steps()
        let best = steps.filter { rewards[$0] != nil }.max { rewards[$0] ?? 0 < rewards[$1] ?? 0 }
        try directory.keepOnly(Set(steps.suffix(max(schedule.keep, 1)) + [best].compactMap { $0 }))
    }
}
