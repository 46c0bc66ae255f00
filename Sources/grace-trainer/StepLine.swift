import Confinement
import Foundation
import Training

/// What a run says of each step on standard error: the numbers that tell how it goes, and when it will be done.
final class StepLine: Sendable {
    private struct Times {
        var first: (step: Int, at: ContinuousClock.Instant)?
    }

    private let times = Confined(Times())

    func line(_ metrics: StepMetrics, of stepCount: Int) -> String {
        let step = Int(metrics["step"] ?? 0)
        let now = ContinuousClock.now
        let perStep = times.withState { times -> Double? in
            guard let first = times.first, step > first.step else {
                times.first = (step, now)
                return nil
            }
            return (now - first.at) / .seconds(1) / Double(step - first.step)
        }
        let names = [
            "reward_mean", "loss", "contrastive_loss", "rationale_length", "cut_off_rate", "entropy", "gradient_norm",
            "rollout_gap", "held_out_margin", "held_out_margin_rise", "held_out_margin_rise_error",
            "held_out_cut_off_rate", "tokens_per_second",
        ]
        var parts = ["step \(step) of \(stepCount)"]
        parts += names.compactMap { name in
            metrics[name].map { "\(name) \(String(format: abs($0) >= 100 ? "%.0f" : "%.4f", $0))" }
        }
        if let seconds = metrics["seconds"] { parts.append(String(format: "%.1f s", seconds)) }
        if let perStep { parts.append("\(Self.duration(perStep * Double(stepCount - step))) left") }
        return parts.joined(separator: ", ")
    }

    private static func duration(_ seconds: Double) -> String {
        let minutes = Int(seconds / 60)
        return minutes >= 60 ? "\(minutes / 60) h \(minutes % 60) min" : "\(minutes) min \(Int(seconds) % 60) s"
    }
}
