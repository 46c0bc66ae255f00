/// What one step of an engine did, for who measures it.
package struct StepReport: Sendable, Equatable {
    /// Texts that had a share in the step.
    package var rows: Int
    /// Those of them that wrote, and go on.
    package var writingRows: Int
    /// Those of them whose prompt goes on after the step.
    package var unfinishedPrompts: Int
    /// What became of tokens.
    package var tokens: StepTokens
    /// When the step was over; it began with the end of the one before, unless the engine was idle.
    package var endedAt: ContinuousClock.Instant

    /// Takes the counts as they are.
    package init(
        rows: Int, writingRows: Int, unfinishedPrompts: Int, tokens: StepTokens = StepTokens(),
        endedAt: ContinuousClock.Instant
    ) {
        self.rows = rows
        self.writingRows = writingRows
        self.unfinishedPrompts = unfinishedPrompts
        self.tokens = tokens
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

    /// None.
    package init() {}
}

extension StepReport {
    /// A step that has just ended with these events.
    init(of events: [GenerationLoop.Event], _ tokens: StepTokens) {
        self.init(rows: events.count, writingRows: 0, unfinishedPrompts: 0, tokens: tokens, endedAt: .now)
        for event in events {
            switch event {
            case .ran: unfinishedPrompts += 1
            case .wrote: writingRows += 1
            case .ended: break
            }
        }
    }
}
