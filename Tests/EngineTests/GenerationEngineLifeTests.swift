import Dispatch
import Engine
import Foundation
import TestSupport
import Testing
import Transformer

/// What becomes of requests that are refused, given up or stopped.
@Suite("GenerationEngine: refusing, cancelling, stopping", .timeLimit(.minutes(5)))
struct GenerationEngineLifeTests {
    private static let oneAtATime = BatchScheduler.Limits(
        maxLiveRequests: 1, maxBatchTokens: 60_000, maxStepTokens: 512, maxRequests: 3)

    /// The error of a task that must fail.
    private func failure(of task: Task<[GenerationResult], any Error>) async -> EngineError? {
        guard case .failure(let error) = await task.result else { return nil }
        return error as? EngineError
    }

    @Test("A cancelled request leaves its place to the next one")
    func cancelledWhileLive() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        let expected = try await model.resultsAlone([model.request(0)])
        try await model.withEngine(limits: Self.oneAtATime) { engine in
            let endless = Task { try await engine.generate([model.endlessRequest]) }
            await waitUntil { engine.load.live == 1 }
            let next = Task { try await engine.generate([model.request(0)]) }
            await waitUntil { engine.load.waiting == 1 }
            endless.cancel()
            #expect(await failure(of: endless) == .cancelled)
            let results = try await next.value
            #expect(areClose(results[0], expected[0]))
            #expect(engine.load.counts == [0, 0])
        }
    }

    @Test("A request that is cancelled while it waits leaves the queue")
    func cancelledWhileWaiting() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        try await model.withEngine(limits: Self.oneAtATime) { engine in
            let endless = Task { try await engine.generate([model.endlessRequest]) }
            await waitUntil { engine.load.live == 1 }
            let waiting = Task { try await engine.generate([model.request(0), model.request(1)]) }
            await waitUntil { engine.load.waiting == 2 }
            waiting.cancel()
            #expect(await failure(of: waiting) == .cancelled)
            #expect(engine.load.counts == [1, 0])
            endless.cancel()
            #expect(await failure(of: endless) == .cancelled)
        }
    }

    @Test("A task that was cancelled before it asks gets nothing and leaves nothing")
    func cancelledBefore() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        try await model.withEngine { engine in
            let task = Task {
                await waitUntil { Task.isCancelled }
                return try await engine.generate([model.endlessRequest])
            }
            task.cancel()
            #expect(await failure(of: task) == .cancelled)
            #expect(engine.load.counts == [0, 0])
        }
    }

    @Test("A full queue refuses at once, all of a submission")
    func queueFull() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        try await model.withEngine(limits: Self.oneAtATime) { engine in
            let endless = Task { try await engine.generate([model.endlessRequest]) }
            await waitUntil { engine.load.live == 1 }
            await #expect(throws: EngineError.queueFull(present: 1, submitted: 3, limit: 3)) {
                try await engine.generate((0..<3).map { model.request($0) })
            }
            #expect(engine.load.counts == [1, 0])
            let accepted = Task { try await engine.generate((0..<2).map { model.request($0) }) }
            await waitUntil { engine.load.waiting == 2 }
            await #expect(throws: EngineError.queueFull(present: 3, submitted: 1, limit: 3)) {
                try await engine.generate([model.request(0)])
            }
            endless.cancel()
            let results = try await accepted.value
            #expect(results.count == 2)
        }
    }

    @Test("A request that could never fit the cache is refused, and those beside it")
    func tooManyPositions() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        var request = model.request(0)
        let room = 60_000 - request.prompt.count
        request.maxRationaleTokens = room + 1
        try await model.withEngine(limits: Self.oneAtATime) { [request] engine in
            await #expect(throws: EngineError.tooManyPositions(needed: 60_001, limit: 60_000)) {
                try await engine.generate([model.request(1), request])
            }
            #expect(engine.load.counts == [0, 0])
            let results = try await engine.generate([model.request(1)])
            #expect(results.count == 1)
        }
    }

    @Test("Stopping fails what is live and what waits, and refuses what comes")
    func stop() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        try await model.withEngine(limits: Self.oneAtATime) { engine in
            let live = Task { try await engine.generate([model.endlessRequest]) }
            await waitUntil { engine.load.live == 1 }
            let waiting = Task { try await engine.generate([model.request(0), model.request(1)]) }
            await waitUntil { engine.load.waiting == 2 }
            engine.stop()
            #expect(await failure(of: live) == .stopped)
            #expect(await failure(of: waiting) == .stopped)
            await #expect(throws: EngineError.stopped) { try await engine.generate([model.request(0)]) }
            #expect(engine.load.counts == [0, 0])
            // Once more does no harm.
            engine.stop()
        }
    }

    @Test("An engine that was stopped is freed")
    func freed() async throws {
        guard let model = try TinyModel("tiny-qwen2") else { return }
        final class Weak: @unchecked Sendable {
            weak var engine: GenerationEngine?
        }
        // Unchecked: one task alone uses it.
        let weak = Weak()
        try await model.withEngine { engine in
            weak.engine = engine
            let results = try await engine.generate([model.request(0)])
            #expect(results.count == 1)
        }
        await waitUntil { weak.engine == nil }
    }

    @Test("Values that are not finite fail their own request and no other")
    func notFinite() async throws {
        guard let whole = try TinyModel("tiny-qwen3") else { return }
        let used = Set(whole.golden.cases.flatMap(\.promptIds))
        let token = try #require((0..<500).first { !used.contains($0) })
        guard let model = try whole.withoutNumbers(for: token) else { return }
        var broken = model.request(0)
        broken.prompt[broken.poolingStart + 2] = token
        // Where the broken token is not in the prompt, it must not be written either.
        let sound = (1..<5).map { model.request($0, maxRationaleTokens: 0) }
        let soundAlone = try await model.resultsAlone(sound)
        var withoutRationale = broken
        withoutRationale.maxRationaleTokens = 0
        try await model.withEngine { [broken, withoutRationale] engine in
            let failing = Task { try await engine.generate([broken]) }
            let others = try await engine.generate(sound)
            let position = broken.prompt.count
            #expect(await failure(of: failing) == .notFinite(position: position))
            #expect(zip(others, soundAlone).allSatisfy(areClose))
            // In one submission the others are given up.
            await #expect(throws: EngineError.notFinite(position: position)) {
                try await engine.generate([broken, model.endlessRequest])
            }
            await waitUntil { engine.load.counts == [0, 0] }
            await #expect(throws: EngineError.notFinite(position: position)) {
                try await engine.generate([withoutRationale])
            }
        }
    }
}
