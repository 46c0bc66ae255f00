import Engine

/// The steps of a batch in which all of its texts write and none runs its prompt.
package struct DecodePhase: Sendable, Equatable {
    /// Tokens written in these steps.
    package let tokens: Int
    /// From the first one's start to the last one's end.
    package let time: Duration

    /// Finds the phase in the reports of a batch; nil where all never write.
    ///
    /// - Parameters:
    ///   - rows: texts of the batch.
    ///   - limit: where so many tokens are written the phase ends: what comes later has longer texts than were asked for.
    package init?(of reports: [StepReport], rows: Int, tokenLimit limit: Int) {
        // In the first step that has all rows and leaves no prompt unfinished, the last prompt may have ended.
        let endsPrompts = { (report: StepReport) in report.rows == rows && report.unfinishedPrompts == 0 }
        guard let first = reports.firstIndex(where: endsPrompts) else { return nil }
        var tokens = 0
        var last = first
        while last + 1 < reports.count, reports[last + 1].writingRows == rows, tokens < limit {
            last += 1
            tokens += rows
        }
        guard last > first else { return nil }
        self.tokens = tokens
        time = reports[last].endedAt - reports[first].endedAt
    }

    /// Tokens a second.
    package var rate: Double { perSecond(tokens, in: time) }
}
