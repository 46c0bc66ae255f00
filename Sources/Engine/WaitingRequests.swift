import DequeModule

/// The requests that wait for a place in the batch, in the order in which they get one. Pure.
///
/// Interactive requests come before bulk, first come, first served in each; but of four places that both could have, one is
/// for bulk, so that nobody waits for ever.
struct WaitingRequests {
    struct Entry: Sendable, Equatable {
        let request: BatchScheduler.RequestID
        let demand: BatchScheduler.Demand
        var priority: BatchScheduler.Priority

        var positionCount: Int { demand.positionCount }
    }

    /// Places that interactive requests get in a row while bulk waits.
    private static let mostInARow = 3
    /// Places that they get in a row while bulk waits and does not fit; then they wait until it does.
    private static let mostBeforeBulk = 16

    private var interactive: Deque<Entry> = []
    private var bulk: Deque<Entry> = []
    private var inARow = 0

    var isEmpty: Bool { interactive.isEmpty && bulk.isEmpty }
    var count: Int { interactive.count + bulk.count }

    mutating func append(_ entry: Entry) {
        entry.priority == .interactive ? interactive.append(entry) : bulk.append(entry)
    }

    /// The next request, if it fits: who is next and does not is waited for, so that small requests do not pass large ones for
    /// ever. Only interactive requests pass bulk that does not fit, and not for ever either, unless it is other bulk that bulk
    /// waits for.
    ///
    /// - Parameter isCapped: whether bulk itself leaves a bulk request no room.
    mutating func takeFirst(where fits: (Entry) -> Bool, isCapped: (Entry) -> Bool) -> Entry? {
        if let next = bulk.first, interactive.isEmpty || inARow >= Self.mostInARow {
            if fits(next) {
                inARow = 0
                return bulk.removeFirst()
            }
            if inARow >= Self.mostBeforeBulk, !isCapped(next) { return nil }
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
