import Confinement
import Dispatch
import Engine
import TestSupport
import Testing
import Transformer

@Suite("GenerationEngine under stress", .timeLimit(.minutes(5)))
struct GenerationEngineStressTests {
    private struct Plan: Sendable {
        let kind: Int
        /// How often the task gives way before it gives up; nil for never.
        let yieldsBeforeCancel: Int?
    }

    @Test("Two hundred requests of as many tasks, many of them cancelled: each gets its own result or its own end")
    func manyTasks() async throws {
        guard let model = try TinyModel("tiny-llama3") else { return }
        let kinds = (0..<18).map { index in
            model.request(
                index, maxRationaleTokens: [0, 3, 11][index / 6], temperature: index.isMultiple(of: 2) ? 0 : 1)
        }
        let expected = try await model.resultsAlone(kinds)
        var generator = SeededGenerator(seed: 31)
        let plans = (0..<200).map { _ in
            Plan(
                kind: Int.random(in: kinds.indices, using: &generator),
                yieldsBeforeCancel: Bool.random(using: &generator) ? Int.random(in: 0...300, using: &generator) : nil)
        }
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 7, maxBatchTokens: 1100, maxStepTokens: 64, maxRequests: 200)
        try await model.withEngine(limits: limits) { engine in
            let completed = await withTaskGroup(of: Bool.self) { group in
                for plan in plans {
                    group.addTask {
                        let task = Task { try await engine.generate([kinds[plan.kind]]) }
                        if let yields = plan.yieldsBeforeCancel {
                            for _ in 0..<yields {
                                await Task.yield()
                            }
                            task.cancel()
                        }
                        switch await task.result {
                        case .success(let results):
                            #expect(results.count == 1 && areClose(results[0], expected[plan.kind]))
                            return true
                        case .failure(let error):
                            #expect(error as? EngineError == .cancelled && plan.yieldsBeforeCancel != nil)
                            return false
                        }
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(completed >= plans.filter { $0.yieldsBeforeCancel == nil }.count)
            #expect(engine.load.counts == [0, 0])
            // What was left behind would be in the way of these.
            let again = try await engine.generate(kinds)
            #expect(zip(again, expected).allSatisfy(areClose))
        }
    }

    @Test("Engines that are stopped while tasks come and go answer every one of them")
    func stopping() async throws {
        guard let model = try TinyModel("tiny-qwen2") else { return }
        for round in 0..<20 {
            try await model.withEngine(limits: .ample) { engine in
                await withTaskGroup(of: Void.self) { group in
                    for index in 0..<12 {
                        group.addTask {
                            do throws(EngineError) {
                                let results = try await engine.generate([model.request(index, maxRationaleTokens: 4)])
                                #expect(results[0].rationale.count == 4)
                            } catch {
                                #expect(error == .stopped)
                            }
                        }
                    }
                    for _ in 0..<round * 5 {
                        await Task.yield()
                    }
                    engine.stop()
                }
                #expect(engine.load.counts == [0, 0])
            }
        }
    }

    @Test("Two engines that take turns both go on, step by step, and give what each gives alone")
    func turns() async throws {
        guard let first = try TinyModel("tiny-llama3"), let second = try TinyModel("tiny-qwen2") else { return }
        let turns = StepTurns()
        let requests = (0..<6).map { first.request($0, maxRationaleTokens: 40) }
        let others = (0..<6).map { second.request($0, maxRationaleTokens: 40) }
        let order = Confined<[Character]>([])
        let gate = DispatchSemaphore(value: 0)
        let results = try await first.withEngine(
            turns: turns,
            onStep: { _ in
                order.withState { $0.append("a") }
                // Its first step is over when the other engine has work too.
                gate.wait()
                gate.signal()
            }
        ) { engine in
            try await second.withEngine(turns: turns, onStep: { _ in order.withState { $0.append("b") } }) { other in
                async let mine = engine.generate(requests)
                while order.withState({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(1)) }
                async let theirs = other.generate(others)
                while !order.withState({ $0.contains("b") }) { try await Task.sleep(for: .milliseconds(1)) }
                gate.signal()
                return (try await mine, try await theirs)
            }
        }
        #expect(zip(results.0, try await first.resultsAlone(requests)).allSatisfy(areClose))
        #expect(zip(results.1, try await second.resultsAlone(others)).allSatisfy(areClose))
        let steps = order.withState { $0 }
        #expect(steps.count { $0 == "a" } >= 40 && steps.count { $0 == "b" } >= 40)
    }
}
