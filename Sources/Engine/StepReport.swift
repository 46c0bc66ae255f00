/// What one step of an engine did, for who measures it.
package struct StepReport: Sendable, Equatable {
    /// Texts that had a share in the step.
    package var rows: Int
    /// Texts that came into the batch since the step before.
    package var admittedRows: Int
    /// Those of the rows that wrote, and go on.
    package var writingRows: Int
    /// Those of the rows whose prompt goes on after the step.
    package var unfinishedPrompts: Int
    /// What became of tokens.
    package var tokens: StepTokens
    /// When the model began to run. Between two steps, unless the engine was idle, callers are told and rows made.
    package var startedAt: ContinuousClock.Instant
    /// When its tokens were written.
    package var endedAt: ContinuousClock.Instant

    /// Takes the counts as they are.
    package init(
        rows: Int, admittedRows: Int = 0, writingRows: Int, unfinishedPrompts: Int, tokens: StepTokens = StepTokens(),
        startedAt: ContinuousClock.Instant, endedAt: ContinuousClock.Instant
    ) {
        self.rows = rows
        self.admittedRows = admittedRows
        self.writingRows = writingRows
        self.unfinishedPrompts = unfinishedPrompts
        self.tokens = tokens
        self.startedAt = startedAt
        self.endedAt = endedAt
    }
}

/// The tokens of one step.
package struct StepTokens: Sendable, Equatable {
    /// Tokens of prompts that were run; those of the shared prefix are not run again.
    package var prompt = 0
    /// Tokens of rationales that were written.
    package var written = 0
    /// All that went through the model: prompts, the tokens written last, and guesses.
    package var run = 0
    /// Guesses among these.
    package var drafted = 0
    /// Guesses that were what was written.
    package var accepted = 0
    /// Rows of logits, of each of which a token was chosen.
    package var sampled = 0
    /// Positions that its tokens looked at, each at all up to its own.
    package var attended = 0

    /// None.
    package init() {}
}

extension StepReport {
    /// A step that has just ended with these events.
    init(
        of events: [GenerationLoop.Event], admittedRows: Int, _ tokens: StepTokens, startedAt: ContinuousClock.Instant
    ) {
        self.init(
            rows: events.count, admittedRows: admittedRows, writingRows: 0, unfinishedPrompts: 0, tokens: tokens,
            startedAt: startedAt, endedAt: .now)
        for event in events {
            switch event {
            case .ran: unfinishedPrompts += 1
            case .wrote: writingRows += 1
            case .ended: break
            }
        }
    }
}
