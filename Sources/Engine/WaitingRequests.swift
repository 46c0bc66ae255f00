import DequeModule

/// The requests that wait for a place in the batch, in the order in which they get one. Pure.
///
/// Interactive requests come before bulk, first come, first served in each; but of four places that both could have, one is
/// for bulk, so that nobody waits for ever.
struct WaitingRequests {
    struct Entry: Sendable, Equatable {
        let request: BatchScheduler.RequestID
        let positionCount: Int
        let pendingTokens: Int
        var priority: BatchScheduler.Priority
    }

    /// Places that interactive requests get in a row while bulk waits.
    private static let mostInARow = 3

    private var interactive: Deque<Entry> = []
    private var bulk: Deque<Entry> = []
    private var inARow = 0

    var isEmpty: Bool { interactive.isEmpty && bulk.isEmpty }
    var count: Int { interactive.count + bulk.count }

    mutating func append(_ entry: Entry) {
        entry.priority == .interactive ? interactive.append(entry) : bulk.append(entry)
    }

    /// The next request, if it fits: who is next and does not is waited for, so that small requests do not pass large ones for
    /// ever. Only interactive requests pass bulk that does not fit.
    mutating func takeFirst(where fits: (Entry) -> Bool) -> Entry? {
        if let next = bulk.first, interactive.isEmpty || inARow >= Self.mostInARow, fits(next) {
            inARow = 0
            return bulk.removeFirst()
        }
        guard let next = interactive.first, fits(next) else { return nil }
        if !bulk.isEmpty { inARow += 1 }
        return interactive.removeFirst()
    }

    mutating func remove(_ request: BatchScheduler.RequestID) {
        interactive.removeAll { $0.request == request }
        bulk.removeAll { $0.request == request }
    }

    /// Moves a bulk request to the end of the interactive ones.
    mutating func promote(_ request: BatchScheduler.RequestID) {
        guard let index = bulk.firstIndex(where: { $0.request == request }) else { return }
        var entry = bulk.remove(at: index)
        entry.priority = .interactive
        interactive.append(entry)
    }
}
