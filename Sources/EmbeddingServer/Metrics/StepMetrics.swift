import Engine
import Metrics

/// What the engines' steps did. Told on their threads.
struct StepMetrics: Sendable {
    private let rows: Histogram
    private let tokens: Histogram
    private let duration: Histogram
    private let prefill: Counter
    private let decode: Counter
    private let drafted: Counter
    private let accepted: Counter

    init(_ registry: Registry, limits: BatchScheduler.Limits) {
        rows = registry.histogram(
            "te_batch_next_size", "Texts that had a share in a step.",
            scale: .powersOfTwo(upTo: limits.maxLiveRequests))
        tokens = registry.histogram(
            "te_batch_next_tokens", "Tokens of a step, guesses among them.",
            scale: .powersOfTwo(upTo: limits.maxStepTokens))
        duration = registry.histogram(
            "grace_step_duration", "Seconds of a step: one forward pass, and the tokens that it writes.",
            scale: .seconds)
        prefill = registry.counter("grace_prefill_tokens_total", "Tokens of prompts that were run.")
        decode = registry.counter("grace_decode_tokens_total", "Tokens of rationales that were written.")
        drafted = registry.counter("grace_drafted_tokens_total", "Tokens that were guessed and run ahead.")
        accepted = registry.counter("grace_accepted_tokens_total", "Guesses that were what was written.")
    }

    func record(_ report: StepReport) {
        rows.record(report.rows)
        tokens.record(report.tokens.run)
        duration.record(report.endedAt - report.startedAt)
        prefill.add(report.tokens.prompt)
        decode.add(report.tokens.written)
        drafted.add(report.tokens.drafted)
        accepted.add(report.tokens.accepted)
    }
}
