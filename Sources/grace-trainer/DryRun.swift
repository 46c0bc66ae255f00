import Foundation
import Tensors
import Training

/// One step of a run, made and thrown away, to say what the whole would take.
struct DryRun {
    let trainer: Trainer
    let schedule: TrainingRun.Schedule

    /// - Parameter isShown: whether it is said: by one of those that train together.
    func run(isShown: Bool) async throws {
        let steps = await trainer.stepCount(schedule)
        // The first step warms memory up; the second is what the others are like.
        _ = try await trainer.step()
        let metrics = try await trainer.step()
        let judged = ContinuousClock.now
        _ = try await trainer.evaluate(sampleCount: 0)
        let judgementSeconds = (ContinuousClock.now - judged) / .seconds(1)
        guard isShown else { return }
        let seconds = metrics["seconds"] ?? 0
        let judgements = Double(steps / schedule.judgeEvery + 1)
        print("trained numbers   \(await trainer.parameterCount)")
        print("memory at most    \(Host.peakMemory.map { "\($0 >> 20) MB" } ?? "unknown")")
        print(
            String(
                format: "time a step       %.1f s, %.1f s of it for rationales", seconds,
                metrics["rollout_seconds"] ?? 0))
        print(String(format: "time a judgement  %.1f s", judgementSeconds))
        print("steps             \(steps)")
        print(
            String(format: "time in all       %.1f min", (seconds * Double(steps) + judgements * judgementSeconds) / 60)
        )
    }
}
