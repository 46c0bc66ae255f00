import DequeModule

/// Decides which lines are read, embedded and written, and in which order. Pure: no I/O, no clock, no model.
///
/// Lines are embedded many at a time and end in any order; rows are written in the order of the lines. What is read ahead of
/// the oldest line under way is bounded.
package struct LineFlow {
    /// What may be under way.
    package struct Limits: Sendable, Equatable {
        /// Lines, done or not, behind the oldest that is not done.
        package let lineCount: Int
        /// Bytes that they have together; a single one may have more.
        package let byteCount: Int
        /// Lines that are embedded at once: of those under way the oldest ones. A stop waits for them.
        package let liveCount: Int

        /// Enough behind the oldest line that those embedded at once stay as many, however long its rationale is.
        package init(liveCount: Int, byteCount: Int = 32 << 20) {
            precondition(liveCount > 0 && byteCount > 0, "\(liveCount) lines of \(byteCount) bytes")
            self.liveCount = liveCount
            self.byteCount = byteCount
            lineCount = 4 * liveCount
        }
    }

    /// Names a line under way.
    package typealias Ticket = Int

    /// A line that is over.
    package struct Finished: Sendable, Equatable {
        /// The end of the line.
        package let end: InputPosition
        /// The row, or why there is none.
        package let content: Result<Row, TextRefusal>

        /// Takes both as they are.
        package init(end: InputPosition, content: Result<Row, TextRefusal>) {
            self.end = end
            self.content = content
        }

        /// The line's number, from 1.
        package var line: Int { end.lineCount }
    }

    /// What to do next, in this order.
    package struct Step: Equatable, Sendable {
        /// Lines that nobody waits for any more.
        package var givenUp: [Ticket] = []
        /// Lines that are over, in the order of the input.
        package var finished: [Finished] = []
        /// Lines to be embedded.
        package var begun: [Begun] = []
        /// How many lines are to be read, and how many bytes; nil where none are. Answered by `take` or `endInput`.
        package var reading: Reading?

        /// Nothing.
        package init() {}
    }

    /// A line to be embedded.
    package struct Begun: Equatable, Sendable {
        /// What to call it when it ends.
        package let ticket: Ticket
        /// The text, and what stands beside it.
        package let line: TextLine
    }

    /// What there is room for.
    package struct Reading: Equatable, Sendable {
        /// Lines, at least one.
        package let lineCount: Int
        /// Bytes that they may have together, at least one.
        package let byteCount: Int

        /// Takes both as they are.
        package init(lineCount: Int, byteCount: Int) {
            self.lineCount = lineCount
            self.byteCount = byteCount
        }
    }

    private struct Slot {
        let item: InputItem
        var outcome: LineOutcome?
    }

    private let limits: Limits
    private let skipsRefused: Bool
    private let path: String
    private var slots: Deque<Slot> = []
    private var firstTicket: Ticket = 0
    private var heldByteCount = 0
    private var step = Step()
    private var isReading = false
    private var isAtEnd = false
    private var inputError: BulkError?
    /// Whether it ends before the input does, because somebody wants it to.
    package private(set) var isStopping = false
    /// Why it ends before the input does.
    package private(set) var failure: BulkError?

    /// - Parameters:
    ///   - skipsRefused: whether a line without a text is passed over; else it ends all.
    ///   - path: of the input, for messages.
    package init(limits: Limits, skipsRefused: Bool, path: String) {
        self.limits = limits
        self.skipsRefused = skipsRefused
        self.path = path
    }

    /// Whether nothing more will come.
    package var isDone: Bool { slots.isEmpty && (isAtEnd || isStopping || failure != nil) }

    // MARK: What happens

    /// Lines have been read.
    package mutating func take(_ items: [InputItem]) {
        precondition(isReading, "lines that nobody asked for")
        isReading = false
        guard !isStopping, failure == nil else { return }
        for item in items {
            heldByteCount += item.byteCount
            switch item.content {
            case .success(let line):
                step.begun.append(Begun(ticket: firstTicket + slots.count, line: line))
                slots.append(Slot(item: item))
            case .failure(let refusal): slots.append(Slot(item: item, outcome: .refused(refusal)))
            }
        }
    }

    /// There are no more lines, or they cannot be read.
    package mutating func endInput(_ error: BulkError? = nil) {
        (isReading, isAtEnd) = (false, true)
        inputError = error
    }

    /// A line is embedded, or cannot be. Of one that was given up nothing is to be said.
    package mutating func end(_ ticket: Ticket, _ outcome: LineOutcome) {
        let index = ticket - firstTicket
        guard slots.indices.contains(index) else { return }
        slots[index].outcome = outcome
    }

    /// Reads no more, and ends when the lines are done that are being embedded.
    package mutating func stop() {
        guard failure == nil, !isStopping else { return }
        isStopping = true
        // The engine takes them in their order.
        let waiting = slots.indices.filter { slots[$0].outcome == nil }.dropFirst(limits.liveCount)
        if let first = waiting.first { giveUp(from: first) }
    }

    /// Something else went wrong: a row could not be written.
    package mutating func fail(_ error: BulkError) {
        guard failure == nil else { return }
        failure = error
        giveUp(from: 0)
    }

    // MARK: What follows from it

    /// What to do now.
    package mutating func next() -> Step {
        while failure == nil, let slot = slots.first, let outcome = slot.outcome {
            finish(slot.item, outcome)
        }
        if failure == nil, slots.isEmpty, isAtEnd, let inputError { fail(inputError) }
        if !isReading, !isAtEnd, !isStopping, failure == nil, slots.count < limits.lineCount,
            heldByteCount < limits.byteCount
        {
            isReading = true
            step.reading = Reading(
                lineCount: limits.lineCount - slots.count, byteCount: limits.byteCount - heldByteCount)
        }
        defer { step = Step() }
        return step
    }

    private mutating func finish(_ item: InputItem, _ outcome: LineOutcome) {
        switch outcome {
        case .failed(let error):
            fail(error)
            return
        case .refused(let refusal):
            guard skipsRefused else {
                fail(.refusedLine(path: path, line: item.end.lineCount, refusal))
                return
            }
            step.finished.append(Finished(end: item.end, content: .failure(refusal)))
        case .row(let row):
            step.finished.append(Finished(end: item.end, content: .success(row)))
        }
        heldByteCount -= item.byteCount
        slots.removeFirst()
        firstTicket += 1
    }

    private mutating func giveUp(from index: Int) {
        while slots.count > index, let slot = slots.popLast() {
            heldByteCount -= slot.item.byteCount
            let ticket = firstTicket + slots.count
            // One that was not begun need not be given up.
            if let begun = step.begun.firstIndex(where: { $0.ticket == ticket }) {
                step.begun.remove(at: begun)
            } else if slot.outcome == nil {
                step.givenUp.append(ticket)
            }
        }
    }
}
