import Engine
import Foundation
import TestSupport
import Testing

/// How many times the usual number of cases is tried.
private let rounds = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1

/// A plain account of what a scheduler was told, with which its plans are checked.
private struct Account {
    struct Request {
        let id: BatchScheduler.RequestID
        let positions: Int
        /// Of its prompt.
        let tokens: Int
        let prompt: BatchScheduler.SharedPromptID?
        /// Whether it is decided who runs the prompt, and whether it was run.
        var isDecided = false
        var hasRunPrompt = false
        var pending = 0
        /// Tokens that it may still write.
        var unwritten: Int
        var drafts = 0
        var stepsWithoutProgress = 0
    }

    let limits: BatchScheduler.Limits
    let speculation: Speculation?
    var waiting: [Request] = []
    var live: [Request] = []

    var reserved: Int { live.reduce(0) { $0 + $1.positions } }
    var present: Int { waiting.count + live.count }

    func fits(_ request: Request) -> Bool {
        live.count < limits.maxLiveRequests && reserved + request.positions <= limits.maxBatchTokens
    }

    /// Checks a plan, and notes its admissions.
    mutating func check(_ step: BatchScheduler.Step) {
        for id in step.admitted {
            // First come, first served, and never over a limit.
            guard let next = waiting.first, next.id == id, fits(next) else {
                Issue.record("admitted \(id), next is \(String(describing: waiting.first)), live \(live)")
                return
            }
            live.append(waiting.removeFirst())
        }
        checkPrompts(step)
        // No place stays empty that the next one could have.
        if let next = waiting.first { #expect(!fits(next)) }

        #expect(Set(step.work.map(\.request)).count == step.work.count)
        let shares = Dictionary(step.work.map { ($0.request, $0.tokenCount) }) { first, _ in first }
        let total = step.work.reduce(0) { $0 + $1.tokenCount }
        let guesses = step.work.reduce(0) { $0 + $1.draftCount }
        #expect(total + guesses <= limits.maxStepTokens)
        // Guesses take what is left, as many as may be and as there are.
        let limit = speculation.map { live.count <= $0.maxLiveRequests ? $0.maxStepDraftTokens : 0 } ?? 0
        let mostGuesses = min(limits.maxStepTokens - total, limit)
        #expect(guesses == min(mostGuesses, live.reduce(0) { $0 + ($1.pending == 1 ? $1.drafts : 0) }))
        for work in step.work {
            let wanted = live.first { $0.id == work.request }?.drafts ?? 0
            #expect(work.draftCount >= 0 && work.draftCount <= wanted)
        }
        // No token of the step is left unused.
        #expect(total == min(limits.maxStepTokens, live.reduce(0) { $0 + $1.pending }))
        #expect(Set(shares.keys).isSubset(of: live.map(\.id)))
        let oldestPrompt = live.first { $0.pending > 1 }?.id
        for index in live.indices {
            let request = live[index]
            let share = shares[request.id] ?? 0
            #expect(share >= 0 && share <= request.pending)
            if request.pending == 1 || request.id == oldestPrompt { #expect(share >= 1) }
            live[index].stepsWithoutProgress = share > 0 ? 0 : request.stepsWithoutProgress + 1
            // Older prompts go first, and those have no more tokens than there are positions.
            #expect(live[index].stepsWithoutProgress <= limits.maxBatchTokens)
        }
    }
}

extension Account {
    /// Checks who takes a prompt over, and notes who runs theirs.
    fileprivate mutating func checkPrompts(_ step: BatchScheduler.Step) {
        for adoption in step.adoptions {
            guard let index = live.firstIndex(where: { $0.id == adoption.request }),
                let leader = live.first(where: { $0.id == adoption.leader })
            else {
                Issue.record("\(adoption) of a request that is not live")
                continue
            }
            #expect(!live[index].isDecided && leader.hasRunPrompt)
            #expect(live[index].prompt != nil && live[index].prompt == leader.prompt)
            live[index].isDecided = true
            live[index].pending = 1
        }
        for index in live.indices where !live[index].isDecided {
            let others = live.filter { $0.isDecided && $0.prompt == live[index].prompt && $0.prompt != nil }
            // Nobody waits for a prompt that is there.
            #expect(!others.contains { $0.hasRunPrompt })
            guard others.isEmpty else { continue }
            live[index].isDecided = true
            live[index].pending = live[index].tokens
        }
    }
}

@Suite("Fuzzed BatchScheduler")
struct BatchSchedulerFuzzTests {
    @Test("Any sequence of submissions, steps and removals keeps the limits, the order and every request")
    func invariants() throws {
        var generator = SeededGenerator(seed: 21)
        for _ in 0..<2500 * rounds {
            try runSequence(&generator)
        }
    }

    private func runSequence(_ generator: inout SeededGenerator) throws {
        let maxLive = Int.random(in: 1...6, using: &generator)
        let limits = BatchScheduler.Limits(
            maxLiveRequests: maxLive, maxBatchTokens: Int.random(in: 10...80, using: &generator),
            maxStepTokens: maxLive + Int.random(in: 0...12, using: &generator),
            maxRequests: Int.random(in: 1...20, using: &generator))
        let speculation =
            Bool.random(using: &generator)
            ? Speculation(
                maxLiveRequests: Int.random(in: 1...6, using: &generator),
                maxStepDraftTokens: Int.random(in: 1...9, using: &generator)) : nil
        var scheduler = BatchScheduler(limits: limits, speculation: speculation)
        var account = Account(limits: limits, speculation: speculation)
        var ended = Set<BatchScheduler.RequestID>()
        var submitted = Set<BatchScheduler.RequestID>()

        func end(_ id: BatchScheduler.RequestID) {
            scheduler.remove(id)
            account.live.removeAll { $0.id == id }
            account.waiting.removeAll { $0.id == id }
            #expect(ended.insert(id).inserted, "\(id) ended twice")
        }
        func submit() throws {
            let requests = (0..<Int.random(in: 0...3, using: &generator)).map { _ in
                // Who shares a prompt has as many tokens of it.
                let id = BatchScheduler.SharedPromptID.random(in: 0..<12, using: &generator)
                let prompt = id < 4 ? Int(id) * 11 + 1 : Int.random(in: 1...40, using: &generator)
                return (
                    prompt: prompt, writes: Int.random(in: 0...45, using: &generator), id: id < 4 ? id : nil
                )
            }
            let tooLarge = requests.first { $0.prompt + $0.writes > limits.maxBatchTokens }
            do throws(EngineError) {
                let ids = try scheduler.submit(
                    requests.map {
                        .init(positionCount: $0.prompt + $0.writes, pendingTokens: $0.prompt, sharedPrompt: $0.id)
                    })
                #expect(tooLarge == nil && account.present + requests.count <= limits.maxRequests)
                #expect(submitted.isDisjoint(with: ids) && ids == ids.sorted())
                submitted.formUnion(ids)
                account.waiting += zip(ids, requests).map { id, request in
                    .init(
                        id: id, positions: request.prompt + request.writes, tokens: request.prompt, prompt: request.id,
                        unwritten: request.writes)
                }
            } catch {
                let expected: EngineError =
                    if let tooLarge {
                        .tooManyPositions(needed: tooLarge.prompt + tooLarge.writes, limit: limits.maxBatchTokens)
                    } else {
                        .queueFull(present: account.present, submitted: requests.count, limit: limits.maxRequests)
                    }
                #expect(error == expected)
            }
        }
        /// - Parameter interruption: what happens between planning a step and having run it.
        func step(interruption: () -> Void) {
            let plan = scheduler.nextStep()
            account.check(plan)
            interruption()
            for work in plan.work {
                scheduler.ran(work)
                guard let index = account.live.firstIndex(where: { $0.id == work.request }) else { continue }
                account.live[index].pending -= work.tokenCount
                account.live[index].drafts = 0
                guard account.live[index].pending == 0 else { continue }
                account.live[index].hasRunPrompt = true
                if account.live[index].unwritten > 0, Int.random(in: 0..<8, using: &generator) > 0 {
                    // Of the guesses some may be right.
                    let written = Int.random(
                        in: 1...min(1 + work.draftCount, account.live[index].unwritten), using: &generator)
                    account.live[index].unwritten -= written
                    account.live[index].pending = 1
                    let most = min(4, account.live[index].unwritten)
                    account.live[index].drafts = Int.random(in: 0...most, using: &generator)
                    scheduler.wrote(work.request, draftTokens: account.live[index].drafts)
                } else {
                    end(work.request)
                }
            }
        }
        func removeRandom() {
            let present = account.live.map(\.id) + account.waiting.map(\.id)
            guard !present.isEmpty else { return }
            end(present[Int.random(in: present.indices, using: &generator)])
        }
        func checkCounts() {
            #expect(scheduler.liveCount == account.live.count && scheduler.waitingCount == account.waiting.count)
            #expect(scheduler.isIdle == (account.present == 0))
        }

        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4: try submit()
            case 4: removeRandom()
            case 5: step(interruption: removeRandom)
            default: step {}
            }
            checkCounts()
        }
        // Left alone, everything ends: each step runs a token at least, and no request has more than its positions.
        var remaining = account.present * limits.maxBatchTokens + 1
        while account.present > 0, remaining > 0 {
            step {}
            remaining -= 1
        }
        checkCounts()
        #expect(scheduler.isIdle && ended == submitted)
    }
}
