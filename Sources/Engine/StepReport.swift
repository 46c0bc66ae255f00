/// What one step of an engine did, for who measures it.
package struct StepReport: Sendable, Equatable {
    /// Texts that had a share in the step.
    package var rows: Int
    /// Those of them that wrote, and go on.
    package var writingRows: Int
    /// Those of them whose prompt goes on after the step.
    package var unfinishedPrompts: Int
    /// When the step was over; it began with the end of the one before, unless the engine was idle.
    package var endedAt: ContinuousClock.Instant

    /// Takes the counts as they are.
    package init(rows: Int, writingRows: Int, unfinishedPrompts: Int, endedAt: ContinuousClock.Instant) {
        self.rows = rows
        self.writingRows = writingRows
        self.unfinishedPrompts = unfinishedPrompts
        self.endedAt = endedAt
    }
}

extension StepReport {
    /// A step that has just ended with these events.
    init(of events: [GenerationLoop.Event]) {
        self.init(rows: events.count, writingRows: 0, unfinishedPrompts: 0, endedAt: .now)
        for event in events {
            switch event {
            case .ran: unfinishedPrompts += 1
            case .wrote: writingRows += 1
            case .ended: break
            }
        }
    }
}
