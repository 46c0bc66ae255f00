import Engine
import Testing

/// What is done to a scheduler, and for a step what it must plan: admissions as `+id`, prompts that are taken over as
/// `id<leader`, then work as `id:tokens` or `id:tokens~guesses`.
private enum Action {
    case submit([(positions: Int, tokens: Int)], prompt: BatchScheduler.SharedPromptID? = nil)
    case step(String)
    /// Runs what the last step planned.
    case run
    case wrote(UInt64, drafts: Int = 0)
    case remove(UInt64)
}

private struct Script: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let limits: BatchScheduler.Limits
    let speculation: Speculation?
    let actions: [Action]

    init(
        _ description: String, live: Int, positions: Int, step: Int, speculation: Speculation? = nil,
        _ actions: [Action]
    ) {
        testDescription = description
        limits = .init(maxLiveRequests: live, maxBatchTokens: positions, maxStepTokens: step, maxRequests: 100)
        self.speculation = speculation
        self.actions = actions
    }
}

extension BatchScheduler.Step {
    /// As scripts write it.
    fileprivate var summary: String {
        (admitted.map { "+\($0)" } + adoptions.map { "\($0.request)<\($0.leader)" } + work.map(\.summary))
            .joined(separator: " ")
    }
}

extension BatchScheduler.Work {
    fileprivate var summary: String { "\(request):\(tokenCount)" + (draftCount > 0 ? "~\(draftCount)" : "") }
}

@Suite("BatchScheduler")
struct BatchSchedulerTests {
    private static let scripts = [
        Script(
            "Prompts share a step's tokens, the oldest first", live: 3, positions: 100, step: 8,
            [.submit([(10, 5), (20, 12), (20, 2)]), .step("+0 +1 +2 0:5 1:3"), .run, .step("1:8")]),
        Script(
            "Rows that write come before prompts, however old", live: 3, positions: 100, step: 8,
            [
                .submit([(90, 20), (5, 1)]), .step("+0 +1 1:1 0:7"), .run, .wrote(1), .step("1:1 0:7"), .run, .wrote(1),
                .step("1:1 0:6"), .run, .wrote(0), .wrote(1), .step("0:1 1:1"),
            ]),
        Script(
            "A row that joins does not stall those that write", live: 2, positions: 100, step: 4,
            [
                .submit([(10, 2)]), .step("+0 0:2"), .run, .wrote(0), .submit([(50, 30)]), .step("+1 0:1 1:3"), .run,
                .wrote(0), .step("0:1 1:3"),
            ]),
        Script(
            "With every row writing a prompt still gets a token a step", live: 3, positions: 100, step: 3,
            [
                .submit([(10, 1), (10, 1), (10, 2)]), .step("+0 +1 +2 0:1 1:1 2:1"), .run, .wrote(0), .wrote(1),
                .step("0:1 1:1 2:1"),
            ]),
        Script(
            "No more requests are live than the limit, and a place that is freed is filled", live: 2, positions: 100,
            step: 9,
            [
                .submit([(10, 3), (10, 3), (10, 3)]), .step("+0 +1 0:3 1:3"), .run, .wrote(0), .remove(1),
                .step("+2 0:1 2:3"),
            ]),
        Script(
            "A request that does not fit waits, and those behind it wait too", live: 9, positions: 50, step: 99,
            [
                .submit([(30, 3), (30, 3), (10, 3)]), .step("+0 0:3"), .run, .wrote(0), .step("0:1"), .run, .wrote(0),
                .remove(0), .step("+1 +2 1:3 2:3"),
            ]),
        Script(
            "Requests that fill the positions exactly fit", live: 9, positions: 50, step: 99,
            [.submit([(20, 1), (30, 1), (1, 1)]), .step("+0 +1 0:1 1:1")]),
        Script(
            "The head of the queue may give up", live: 9, positions: 50, step: 99,
            [
                .submit([(30, 3), (30, 3), (10, 3)]), .step("+0 0:3"), .remove(1), .step("+2 0:3 2:3"), .run,
                .remove(2), .remove(0), .step(""),
            ]),
        Script(
            "A request that is removed frees its positions once", live: 9, positions: 50, step: 99,
            [
                .submit([(30, 3), (20, 3)]), .step("+0 +1 0:3 1:3"), .remove(0), .remove(0), .remove(77),
                .submit([(30, 2), (1, 2)]), .step("+2 1:3 2:2"),
            ]),
        Script(
            "What a removed request ran and wrote changes nothing", live: 9, positions: 50, step: 99,
            [
                .submit([(30, 3), (20, 3)]), .step("+0 +1 0:3 1:3"), .remove(0), .run, .wrote(0), .wrote(1),
                .step("1:1"),
            ]),
        Script(
            "A step that was planned and not run is planned again", live: 2, positions: 50, step: 2,
            [.submit([(30, 3)]), .step("+0 0:2"), .step("0:2"), .run, .step("0:1")]),
        Script(
            "Names are not given twice", live: 9, positions: 50, step: 9,
            [.submit([(30, 3)]), .remove(0), .submit([(30, 3)]), .step("+1 1:3")]),
        Script(
            "Guesses are run after the token that was written, once", live: 2, positions: 50, step: 9,
            speculation: Speculation(maxLiveRequests: 2, maxStepDraftTokens: 4),
            [
                .submit([(30, 2)]), .step("+0 0:2"), .run, .wrote(0, drafts: 3), .step("0:1~3"), .step("0:1~3"), .run,
                .wrote(0), .step("0:1"),
            ]),
        Script(
            "Without speculation there are no guesses", live: 2, positions: 50, step: 9,
            [.submit([(30, 1)]), .step("+0 0:1"), .run, .wrote(0, drafts: 3), .step("0:1")]),
        Script(
            "A step's guesses are shared, the oldest row first", live: 3, positions: 90, step: 99,
            speculation: Speculation(maxLiveRequests: 3, maxStepDraftTokens: 5),
            [
                .submit([(30, 1), (30, 1), (30, 1)]), .step("+0 +1 +2 0:1 1:1 2:1"), .run, .wrote(0, drafts: 3),
                .wrote(1, drafts: 3), .wrote(2, drafts: 3), .step("0:1~3 1:1~2 2:1"),
            ]),
        Script(
            "Guesses have what prompts leave of a step", live: 3, positions: 90, step: 8,
            speculation: Speculation(maxLiveRequests: 3, maxStepDraftTokens: 5),
            [
                .submit([(30, 1)]), .step("+0 0:1"), .run, .wrote(0, drafts: 4), .submit([(30, 5)]),
                .step("+1 0:1~2 1:5"), .run, .wrote(0, drafts: 4), .wrote(1, drafts: 1), .submit([(30, 20)]),
                .step("+2 0:1 1:1 2:6"),
            ]),
        Script(
            "With more rows than are few nothing is guessed", live: 3, positions: 90, step: 9,
            speculation: Speculation(maxLiveRequests: 2, maxStepDraftTokens: 5),
            [
                .submit([(20, 1), (20, 1), (20, 1)]), .step("+0 +1 +2 0:1 1:1 2:1"), .run, .wrote(0, drafts: 2),
                .wrote(1, drafts: 2), .wrote(2, drafts: 2), .step("0:1 1:1 2:1"), .remove(1), .step("0:1~2 2:1~2"),
            ]),
        Script(
            "Of requests with one prompt the first runs it, and the others take it over", live: 4, positions: 100,
            step: 8,
            [
                .submit([(20, 9), (20, 9), (20, 9)], prompt: 7), .step("+0 +1 +2 0:8"), .run, .step("0:1"), .run,
                .wrote(0), .step("1<0 2<0 0:1 1:1 2:1"), .run, .wrote(0), .wrote(1), .wrote(2), .step("0:1 1:1 2:1"),
            ]),
        Script(
            "A prompt is taken over from whoever has run it and is live", live: 2, positions: 100, step: 8,
            [
                .submit([(20, 3), (20, 3), (20, 3)], prompt: 7), .step("+0 +1 0:3"), .run, .wrote(0),
                .step("1<0 0:1 1:1"), .run, .wrote(1), .remove(0), .step("+2 2<1 1:1 2:1"),
            ]),
        Script(
            "Where the one that runs the prompt leaves, the next runs it", live: 3, positions: 100, step: 8,
            [
                .submit([(20, 12), (20, 12), (20, 12)], prompt: 7), .step("+0 +1 +2 0:8"), .run, .remove(0),
                .step("1:8"), .run, .step("1:4"), .run, .wrote(1), .step("2<1 1:1 2:1"),
            ]),
        Script(
            "Prompts that are not the same are not taken over", live: 4, positions: 100, step: 8,
            [
                .submit([(20, 3), (20, 3)], prompt: 1), .submit([(20, 2)]), .submit([(20, 2)], prompt: 2),
                .step("+0 +1 +2 +3 0:3 2:2 3:2"), .run, .wrote(0), .wrote(2), .wrote(3),
                .step("1<0 0:1 1:1 2:1 3:1"),
            ]),
    ]

    @Test("Steps are planned as scripted", arguments: scripts)
    fileprivate func plans(script: Script) throws {
        var scheduler = BatchScheduler(limits: script.limits, speculation: script.speculation)
        var planned: [BatchScheduler.Work] = []
        for action in script.actions {
            switch action {
            case .submit(let requests, let prompt):
                _ = try scheduler.submit(
                    requests.map { .init(positionCount: $0.positions, pendingTokens: $0.tokens, sharedPrompt: prompt) })
            case .step(let expected):
                let step = scheduler.nextStep()
                #expect(step.summary == expected)
                planned = step.work
            case .run: planned.forEach { scheduler.ran($0) }
            case .wrote(let request, let drafts): scheduler.wrote(request, draftTokens: drafts)
            case .remove(let request): scheduler.remove(request)
            }
        }
    }

    @Test("A request that could never fit is refused, and those beside it")
    func tooManyPositions() throws {
        var scheduler = BatchScheduler(
            limits: .init(maxLiveRequests: 2, maxBatchTokens: 50, maxStepTokens: 8, maxRequests: 9))
        #expect(throws: EngineError.tooManyPositions(needed: 51, limit: 50)) {
            try scheduler.submit([
                .init(positionCount: 50, pendingTokens: 1), .init(positionCount: 51, pendingTokens: 1),
            ])
        }
        #expect(scheduler.isIdle)
        #expect(try scheduler.submit([.init(positionCount: 50, pendingTokens: 1)]).count == 1)
    }

    @Test("A queue that is full refuses all of a submission or none")
    func queueFull() throws {
        var scheduler = BatchScheduler(
            limits: .init(maxLiveRequests: 1, maxBatchTokens: 50, maxStepTokens: 8, maxRequests: 3))
        let one = BatchScheduler.Demand(positionCount: 10, pendingTokens: 2)
        _ = try scheduler.submit([one, one])
        _ = scheduler.nextStep()
        #expect(scheduler.liveCount == 1 && scheduler.waitingCount == 1)
        #expect(throws: EngineError.queueFull(present: 2, submitted: 2, limit: 3)) {
            try scheduler.submit([one, one])
        }
        #expect(scheduler.liveCount == 1 && scheduler.waitingCount == 1)
        #expect(try scheduler.submit([one]) == [2])
        #expect(throws: EngineError.queueFull(present: 3, submitted: 1, limit: 3)) { try scheduler.submit([one]) }
        scheduler.remove(0)
        #expect(try scheduler.submit([one]) == [3])
        #expect(try scheduler.submit([]) == [])
    }
}
