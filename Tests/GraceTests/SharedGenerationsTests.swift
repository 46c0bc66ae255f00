import Dispatch
import Engine
import Grace
import TestSupport
import Testing

/// Holds an engine after its first step, until it is opened.
private final class Gate: Sendable {
    private let isOpen = DispatchSemaphore(value: 0)

    func wait() {
        isOpen.wait()
        isOpen.signal()
    }

    func open() {
        isOpen.signal()
    }
}

@Suite("SharedGenerations", .serialized, .timeLimit(.minutes(5)))
struct SharedGenerationsTests {
    private static let limits = BatchScheduler.Limits(
        maxLiveRequests: 2, maxBatchTokens: 200_000, maxStepTokens: 64, maxRequests: 4)

    /// Runs `body` with an engine over tiny-qwen2, which writes on until the limit.
    private func withEngine(
        limits: BatchScheduler.Limits = limits, gate: Gate? = nil, _ body: (GenerationEngine) async throws -> Void
    ) async throws {
        let model = try #require(try loadReference("tiny-qwen2"))
        var configuration = GenerationEngine.Configuration(stopTokens: [], sharedPrefix: [], limits: limits)
        if let gate { configuration.onStep = { _ in gate.wait() } }
        let engine = GenerationEngine(model: model.transformer, configuration: configuration)
        defer {
            gate?.open()
            engine.stop()
        }
        try await body(engine)
    }

    private func request(_ kind: Int, tokens: Int = 4, temperature: Float = 0, seed: UInt64 = 0) -> GenerationRequest {
        GenerationRequest(
            prompt: [1, 2, 3, Int32(kind % 100)], poolingStart: 1, maxRationaleTokens: tokens,
            sampling: SamplingSettings(temperature: temperature, topP: 1, seed: seed))
    }

    /// A rationale that takes longer than any test, unless it is given up.
    private func endless(_ kind: Int) -> GenerationRequest { request(kind, tokens: 50_000) }

    /// It sleeps in between: tasks that only give way keep the pool's threads busy.
    private func waitUntil(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(1)) }
    }

    @Test("The same request is generated once; later it is kept, result and all")
    func hits() async throws {
        try await withEngine { engine in
            let sharing = SharedGenerations(entryLimit: 10)
            let first = try await sharing.generate([request(1), request(2), request(1)], computedBy: "x", on: engine)
            let second = try await sharing.generate([request(3), request(1)], computedBy: "x", on: engine)
            #expect(first.map(\.source) == [.miss, .miss, .shared])
            #expect(second.map(\.source) == [.miss, .hit])
            #expect(first[0].result == first[2].result && first[0].result == second[1].result)
            #expect(first[0].result != first[1].result)
            #expect(sharing.load.underWay == 0 && sharing.load.kept == 3)
        }
    }

    @Test("Without entries nothing is shared and nothing kept")
    func off() async throws {
        try await withEngine { engine in
            let sharing = SharedGenerations(entryLimit: 0)
            for _ in 0..<2 {
                let outcomes = try await sharing.generate([request(1), request(1)], computedBy: "x", on: engine)
                #expect(outcomes.map(\.source) == [.miss, .miss])
            }
            #expect(sharing.load.underWay == 0 && sharing.load.kept == 0)
        }
    }

    @Test("What decides a result is told apart, and what does not is not")
    func keys() async throws {
        try await withEngine { engine in
            let sharing = SharedGenerations(entryLimit: 100)
            let drawn = request(1, temperature: 1, seed: 5)
            func changed(_ change: (inout GenerationRequest) -> Void) -> GenerationRequest {
                var changed = drawn
                change(&changed)
                return changed
            }
            let asked: [(request: GenerationRequest, computedBy: String, source: ResultSource)] = [
                (drawn, "x", .miss), (drawn, "y", .miss), (drawn, "x", .hit),
                (changed { $0.sampling.seed = 6 }, "x", .miss),
                (changed { $0.sampling.topP = 0.5 }, "x", .miss),
                (changed { $0.sampling.temperature = 0.5 }, "x", .miss),
                (changed { $0.maxRationaleTokens = 5 }, "x", .miss),
                (changed { $0.poolingStart = 2 }, "x", .miss),
                (changed { $0.prompt.append(4) }, "x", .miss),
                (changed { $0.prompt[0] = 7 }, "x", .miss),
                (changed { $0.stableBelow = 0.1 }, "x", .miss),
                (changed { $0.stableBelow = 0.2 }, "x", .miss),
                (changed { $0.wantsTrace = true }, "x", .miss),
                (changed { $0.wantsTrace = true }, "x", .hit),
                // Greedy rationales draw nothing, and without a rationale there is nothing to draw, to end or to trace.
                (request(1, seed: 1), "x", .miss), (request(1, seed: 2), "x", .hit),
                (request(1, tokens: 0, seed: 1), "x", .miss), (request(1, tokens: 0, seed: 2), "x", .hit),
                (request(1, tokens: 0, temperature: 1), "x", .hit),
                (changed { ($0.maxRationaleTokens, $0.stableBelow, $0.wantsTrace) = (0, 0.1, true) }, "x", .hit),
            ]
            for (index, (request, computedBy, source)) in asked.enumerated() {
                let outcomes = try await sharing.generate([request], computedBy: computedBy, on: engine)
                #expect(outcomes[0].source == source, "request \(index)")
            }
        }
    }

    @Test("Who goes away does not take the generation from who stays, and the last one does")
    func leaving() async throws {
        let gate = Gate()
        try await withEngine(gate: gate) { engine in
            let sharing = SharedGenerations(entryLimit: 10)
            let request = request(1, tokens: 300)
            let starter = Task { try await sharing.generate([request, endless(2)], computedBy: "x", on: engine) }
            try await waitUntil { engine.load.live == 2 }
            let other = Task { try await sharing.generate([request], computedBy: "x", on: engine) }
            let third = Task { try await sharing.generate([endless(2)], computedBy: "x", on: engine) }
            try await waitUntil { sharing.load.waiting == 4 }
            gate.open()
            starter.cancel()
            await #expect(throws: EngineError.cancelled) { try await starter.value }
            let stayed = try await other.value
            #expect(stayed.map(\.source) == [.shared])
            #expect(sharing.load.underWay == 1 && sharing.load.kept == 1)
            third.cancel()
            await #expect(throws: EngineError.cancelled) { try await third.value }
            #expect(sharing.load.underWay == 0 && sharing.load.kept == 1)
            try await waitUntil { engine.load.live + engine.load.waiting == 0 }
        }
    }

    @Test("A refusal is that of the request alone, and what it shares with others goes on")
    func refusals() async throws {
        try await withEngine { engine in
            let sharing = SharedGenerations(entryLimit: 10)
            let running = Task { try await sharing.generate([endless(1), endless(2)], computedBy: "x", on: engine) }
            try await waitUntil { engine.load.live == 2 }
            // Three new ones do not fit; joined ones take no place.
            await #expect(throws: EngineError.queueFull(present: 2, submitted: 3, limit: 4)) {
                try await sharing.generate(
                    [endless(1), request(3), request(4), request(5)], computedBy: "x", on: engine)
            }
            let fits = Task {
                try await sharing.generate([endless(1), request(3), request(4)], computedBy: "x", on: engine)
            }
            try await waitUntil { engine.load.waiting == 2 }
            #expect(sharing.load.underWay == 4 && sharing.load.kept == 0)
            fits.cancel()
            await #expect(throws: EngineError.cancelled) { try await fits.value }
            #expect(sharing.load.underWay == 2 && sharing.load.kept == 0)
            running.cancel()
            await #expect(throws: EngineError.cancelled) { try await running.value }
        }
    }

    @Test("An error reaches all who wait, and is not kept")
    func errors() async throws {
        let sharing = SharedGenerations(entryLimit: 10)
        try await withEngine { engine in
            let first = Task { try await sharing.generate([endless(1)], computedBy: "x", on: engine) }
            try await waitUntil { engine.load.live == 1 }
            let second = Task { try await sharing.generate([endless(1), endless(2)], computedBy: "x", on: engine) }
            try await waitUntil { sharing.load.waiting == 3 }
            engine.stop()
            for task in [first, second] {
                await #expect(throws: EngineError.stopped) { try await task.value }
            }
            try await waitUntil { sharing.load.underWay == 0 }
        }
        // Another engine computes it anew.
        try await withEngine { engine in
            let retried = try await sharing.generate([request(1)], computedBy: "x", on: engine)
            #expect(retried.map(\.source) == [.miss])
        }
    }

    @Test("Two hundred tasks with few texts, many of them cancelled: each gets its result or its own end")
    func stress() async throws {
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 5, maxBatchTokens: 2000, maxStepTokens: 64, maxRequests: 1000)
        try await withEngine(limits: limits) { engine in
            let kinds = (0..<8).map { request($0, tokens: 3 + $0 * 5) }
            let expected = try await engine.generate(kinds)
            // Fewer than there are kinds, so that results are dropped and generated again.
            let sharing = SharedGenerations(entryLimit: 3)
            var generator = SeededGenerator(seed: 47)
            let plans = (0..<200).map { _ in
                (
                    kinds: (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                        Int.random(in: kinds.indices, using: &generator)
                    },
                    yields: Bool.random(using: &generator) ? Int.random(in: 0...300, using: &generator) : nil
                )
            }
            await withTaskGroup(of: Void.self) { group in
                for plan in plans {
                    group.addTask {
                        let task = Task {
                            try await sharing.generate(plan.kinds.map { kinds[$0] }, computedBy: "x", on: engine)
                        }
                        if let yields = plan.yields {
                            for _ in 0..<yields { await Task.yield() }
                            task.cancel()
                        }
                        switch await task.result {
                        case .success(let outcomes):
                            #expect(outcomes.count == plan.kinds.count)
                            for (outcome, kind) in zip(outcomes, plan.kinds) {
                                #expect(outcome.result.rationale == expected[kind].rationale)
                                #expect(relativeL2(outcome.result.mean, expected[kind].mean) <= 1e-5)
                            }
                        case .failure(let error):
                            #expect(error as? EngineError == .cancelled && plan.yields != nil)
                        }
                    }
                }
            }
            #expect(sharing.load.underWay == 0 && sharing.load.waiting == 0)
            #expect(sharing.load.kept <= 3)
            try await waitUntil { engine.load.live + engine.load.waiting == 0 }
        }
    }
}
