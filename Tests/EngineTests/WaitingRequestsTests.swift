import Engine
import TestSupport
import Testing

/// A scheduler that is told of requests by name: `i` interactive, `b` bulk.
private struct Queue {
    var scheduler: BatchScheduler
    private(set) var names: [BatchScheduler.RequestID: String] = [:]

    init(live: Int, positions: Int = 1000, requests: Int = 100, reserve: BatchScheduler.Reserve = .none) {
        scheduler = BatchScheduler(
            limits: .init(
                maxLiveRequests: live, maxBatchTokens: positions, maxStepTokens: 64, maxRequests: requests,
                reserve: reserve))
    }

    mutating func submit(_ list: String, positions: Int = 10) throws {
        for name in list.split(separator: " ") {
            let ids = try scheduler.submit(
                [.init(positionCount: positions, pendingTokens: 2)],
                priority: name.hasPrefix("i") ? .interactive : .bulk)
            for id in ids { names[id] = String(name) }
        }
    }

    /// The names of who became live.
    mutating func admit() -> String {
        scheduler.nextStep().admitted.compactMap { names[$0] }.joined(separator: " ")
    }

    mutating func end(_ name: String) {
        for (id, known) in names where known == name { scheduler.remove(id) }
    }

    mutating func promote(_ name: String) {
        for (id, known) in names where known == name { scheduler.promote(id) }
    }
}

@Suite("Priorities of the BatchScheduler")
struct WaitingRequestsTests {
    @Test(
        "Interactive requests come first, and of four places bulk has one",
        arguments: [
            ("b1 b2 i1 i2", "i1 i2 b1 b2"),
            ("b1 b2 b3 i1 i2 i3 i4 i5 i6 i7", "i1 i2 i3 b1 i4 i5 i6 b2 i7 b3"),
            ("b1 b2", "b1 b2"),
            ("i1 i2 i3 i4 i5", "i1 i2 i3 i4 i5"),
        ])
    func order(submitted: String, admitted: String) throws {
        var queue = Queue(live: 20)
        try queue.submit(submitted)
        #expect(queue.admit() == admitted)
    }

    @Test("Rows are kept for interactive requests, and places to wait")
    func reserve() throws {
        var queue = Queue(live: 8, requests: 16, reserve: .eighth)
        try queue.submit((1...16).map { "b\($0)" }.joined(separator: " "))
        #expect(queue.admit() == (1...8).map { "b\($0)" }.joined(separator: " "))
        #expect(throws: EngineError.queueFull(present: 16, submitted: 1, limit: 16)) { try queue.submit("b17") }
        try queue.submit("i1 i2")
        #expect(queue.admit() == "i1")
        #expect(throws: EngineError.queueFull(present: 18, submitted: 1, limit: 18)) { try queue.submit("i3") }
    }

    @Test("Bulk leaves an eighth of the cache, unless one alone needs more")
    func cache() throws {
        var queue = Queue(live: 8, positions: 80, reserve: .eighth)
        try queue.submit("b1 b2", positions: 40)
        #expect(queue.admit() == "b1")
        try queue.submit("i1", positions: 40)
        #expect(queue.admit() == "i1")
        queue.end("i1")
        queue.end("b1")
        #expect(queue.admit() == "b2")
        queue.end("b2")
        try queue.submit("b3", positions: 80)
        #expect(queue.admit() == "b3")
    }

    @Test("An interactive request that does not fit is waited for; bulk that does not fit is passed")
    func passing() throws {
        var queue = Queue(live: 8, positions: 100)
        try queue.submit("b1", positions: 60)
        #expect(queue.admit() == "b1")
        try queue.submit("b2 i1", positions: 50)
        try queue.submit("b3", positions: 10)
        #expect(queue.admit() == "")
        try queue.submit("i2", positions: 10)
        #expect(queue.admit() == "")
        queue.end("i1")
        #expect(queue.admit() == "i2")
    }

    @Test("A bulk request that somebody looks on comes after the interactive ones and before bulk")
    func promotion() throws {
        var queue = Queue(live: 20)
        try queue.submit("b1 b2 b3 i1")
        queue.promote("b2")
        queue.promote("b2")
        #expect(queue.admit() == "i1 b2 b1 b3")
    }

    @Test("A large bulk request gets its place, however many interactive ones come")
    func largeBulk() throws {
        var queue = Queue(live: 8, positions: 100)
        try queue.submit("i0", positions: 20)
        _ = queue.admit()
        try queue.submit("b1", positions: 100)
        var admitted = ""
        for round in 1...40 where admitted != "b1" {
            try queue.submit("i\(round)", positions: 20)
            admitted = queue.admit()
            // Whoever came before has ended.
            queue.end("i\(round - 1)")
            if admitted.isEmpty { admitted = queue.admit() }
        }
        #expect(admitted == "b1")
    }

    @Test("The prompt of an interactive request is run before older ones of bulk")
    func prefill() throws {
        var queue = Queue(live: 8)
        for _ in 0..<2 { _ = try queue.scheduler.submit([.init(positionCount: 100, pendingTokens: 60)]) }
        _ = queue.scheduler.nextStep()
        _ = try queue.scheduler.submit([.init(positionCount: 10, pendingTokens: 8)], priority: .interactive)
        let step = queue.scheduler.nextStep()
        #expect(step.work.map(\.tokenCount) == [8, 56])
        #expect(step.work.first?.request == 2)
    }

    @Test("Any sequence keeps the limits and the order of each priority, and everybody is served")
    func invariants() throws {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            try runSequence(&generator)
        }
    }

    private func runSequence(_ generator: inout SeededGenerator) throws {
        let limits = BatchScheduler.Limits(
            maxLiveRequests: Int.random(in: 1...10, using: &generator), maxBatchTokens: 60, maxStepTokens: 24,
            maxRequests: 30, reserve: Bool.random(using: &generator) ? .eighth : .none)
        var scheduler = BatchScheduler(limits: limits)
        var waiting: [(id: BatchScheduler.RequestID, isInteractive: Bool)] = []
        var live: [BatchScheduler.RequestID: Int] = [:]
        var positions: [BatchScheduler.RequestID: Int] = [:]
        func step() {
            let plan = scheduler.nextStep()
            for id in plan.admitted {
                guard let index = waiting.firstIndex(where: { $0.id == id }) else {
                    Issue.record("\(id) was admitted twice, or never waited")
                    continue
                }
                let isFirst = waiting[..<index].allSatisfy { $0.isInteractive != waiting[index].isInteractive }
                #expect(isFirst, "first come, first served")
                waiting.remove(at: index)
                live[id] = positions[id]
            }
            #expect(live.count <= limits.rowCount)
            #expect(live.values.reduce(0, +) <= limits.maxBatchTokens)
            for work in plan.work {
                scheduler.ran(work)
                if Bool.random(using: &generator) {
                    scheduler.remove(work.request)
                    live[work.request] = nil
                } else {
                    scheduler.wrote(work.request)
                }
            }
        }
        for _ in 0..<40 {
            switch Int.random(in: 0..<4, using: &generator) {
            case 0, 1:
                let count = Int.random(in: 1...60, using: &generator)
                let priority: BatchScheduler.Priority = Bool.random(using: &generator) ? .interactive : .bulk
                guard
                    let ids = try? scheduler.submit([.init(positionCount: count, pendingTokens: 1)], priority: priority)
                else { continue }
                for id in ids {
                    waiting.append((id, priority == .interactive))
                    positions[id] = count
                }
            case 2:
                guard let index = waiting.indices.randomElement(using: &generator) else { continue }
                scheduler.promote(waiting[index].id)
                if !waiting[index].isInteractive {
                    let promoted = waiting.remove(at: index)
                    waiting.append((promoted.id, true))
                }
            default: step()
            }
        }
        for _ in 0..<1000 where !scheduler.isIdle { step() }
        #expect(scheduler.isIdle && waiting.isEmpty && live.isEmpty)
    }
}
