import Engine
import Logging

/// Writes a line for each step of an engine, at the level `trace`. Called on the engines' threads.
struct StepLog: Sendable {
    let logger: Logger
    private let epoch = ContinuousClock.now

    init(logger: Logger) {
        self.logger = logger
    }

    /// `began` and `ended` are microseconds since the server started.
    func record(_ report: StepReport) {
        let tokens = report.tokens
        let counts = [
            ("began", microseconds(report.startedAt)), ("ended", microseconds(report.endedAt)), ("rows", report.rows),
            ("admitted", report.admittedRows), ("writing", report.writingRows),
            ("unfinished", report.unfinishedPrompts), ("prompt", tokens.prompt), ("run", tokens.run),
            ("drafted", tokens.drafted), ("accepted", tokens.accepted), ("sampled", tokens.sampled),
            ("attended", tokens.attended),
        ]
        logger.trace(
            "step", metadata: Dictionary(uniqueKeysWithValues: counts.map { ($0, .stringConvertible($1)) }))
    }

    private func microseconds(_ moment: ContinuousClock.Instant) -> Int {
        Int((moment - epoch) / .microseconds(1))
    }
}
