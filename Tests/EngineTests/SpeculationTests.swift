import Engine
import Foundation
import TestSupport
import Testing
import Transformer

/// How many times the usual number of cases is tried.
private let rounds = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1

@Suite("Speculation", .timeLimit(.minutes(5)))
struct SpeculationTests {
    /// A prompt of few kinds of tokens, pieces of which occur again, and whatever settings.
    private func randomRequest(_ generator: inout SeededGenerator) -> GenerationRequest {
        let alphabet: TokenID = [2, 5, 500].randomElement(using: &generator) ?? 2
        var prompt = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
            TokenID.random(in: 0..<alphabet, using: &generator)
        }
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            let start = Int.random(in: prompt.indices, using: &generator)
            prompt += prompt[start...].prefix(Int.random(in: 1...9, using: &generator))
        }
        var request = GenerationRequest(
            prompt: prompt, poolingStart: Int.random(in: prompt.indices, using: &generator),
            maxRationaleTokens: Int.random(in: 0...45, using: &generator),
            sampling: SamplingSettings(
                // Models with random weights repeat themselves at low temperatures.
                temperature: [0, 0, 0.1, 0.3, 1].randomElement(using: &generator) ?? 0,
                topP: [1, 0.9, 0.5].randomElement(using: &generator) ?? 1,
                seed: UInt64.random(in: 0...9, using: &generator)))
        request.wantsTrace = Bool.random(using: &generator)
        request.stableBelow = [nil, 1e-3, 1e-2, 0.1, 0.5].randomElement(using: &generator) ?? nil
        return request
    }

    @Test(
        "Rationale, vector and ending have the same bits with and without speculation, whatever else is in the batch",
        arguments: TinyModel.names)
    func sameBits(name: String) async throws {
        guard let model = try TinyModel.repetitive(name, precision: .bfloat16) else { return }
        var generator = SeededGenerator(seed: 77)
        var accepted = 0
        var rejected = 0
        var stopsAfterGuesses = 0
        for _ in 0..<10 * rounds {
            let requests = (0..<12).map { _ in randomRequest(&generator) }
            let unstopped = try await model.resultsAlone(requests)
            // Some end by what they would write, wherever that is.
            let stopTokens = Set(unstopped.prefix(1).compactMap { $0.rationale.randomElement(using: &generator) })
            let expected = try await model.withEngine(stopTokens: stopTokens) { try await $0.generate(requests) }
            let maxLive = Int.random(in: 1...7, using: &generator)
            let limits = BatchScheduler.Limits(
                maxLiveRequests: maxLive, maxBatchTokens: 1000,
                maxStepTokens: maxLive + Int.random(in: 0...40, using: &generator), maxRequests: 12)
            let speculation = Speculation(
                maxLiveRequests: Int.random(in: 1...8, using: &generator),
                maxStepDraftTokens: Int.random(in: 1...20, using: &generator))
            let found = try await model.withEngine(
                stopTokens: stopTokens, sharedPrefix: Array(requests[0].prompt.prefix(2)), limits: limits, workers: 2,
                speculation: speculation
            ) { try await $0.generate(requests) }
            for (found, expected) in zip(found, expected) {
                #expect(areSame(found, expected))
                #expect((0...found.draftedTokenCount).contains(found.acceptedTokenCount))
                #expect(found.acceptedTokenCount <= found.rationale.count)
                accepted += found.acceptedTokenCount
                rejected += found.draftedTokenCount - found.acceptedTokenCount
                if found.finishReason == .stable, found.acceptedTokenCount > 0 { stopsAfterGuesses += 1 }
            }
            #expect(expected.allSatisfy { $0.draftedTokenCount == 0 })
        }
        // All ways were taken.
        #expect(accepted > 0 && rejected > 0 && stopsAfterGuesses > 0)
    }

    @Test("Tasks that are cancelled between guesses leave the others their results")
    func cancellations() async throws {
        guard let model = try TinyModel.repetitive("tiny-llama3", precision: .bfloat16) else { return }
        var generator = SeededGenerator(seed: 12)
        let requests = (0..<60).map { _ in randomRequest(&generator) }
        let expected = try await model.resultsAlone(requests)
        let yields = requests.map { _ in
            Bool.random(using: &generator) ? Int.random(in: 0...300, using: &generator) : nil
        }
        let limits = BatchScheduler.Limits(maxLiveRequests: 5, maxBatchTokens: 400, maxStepTokens: 24, maxRequests: 60)
        try await model.withEngine(limits: limits, speculation: Speculation(maxLiveRequests: 4)) { engine in
            let accepted = await withTaskGroup(of: Int.self) { group in
                for (index, request) in requests.enumerated() {
                    group.addTask {
                        let task = Task { try await engine.generate([request]) }
                        if let count = yields[index] {
                            for _ in 0..<count {
                                await Task.yield()
                            }
                            task.cancel()
                        }
                        switch await task.result {
                        case .success(let results):
                            #expect(results.count == 1 && areSame(results[0], expected[index]))
                            return results.reduce(0) { $0 + $1.acceptedTokenCount }
                        case .failure(let error):
                            #expect(error as? EngineError == .cancelled && yields[index] != nil)
                            return 0
                        }
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(accepted > 0)
            #expect(engine.load.counts == [0, 0])
        }
    }

    @Test(
        "A rationale that repeats itself is mostly guessed, and a limit is neither passed nor missed", arguments: 1...20
    )
    func limits(maxRationaleTokens: Int) async throws {
        guard let model = try TinyModel.repetitive("tiny-llama3", precision: .bfloat16) else { return }
        // Behind sixty tokens of its own the model goes on as before.
        var request = model.request(0, maxRationaleTokens: 60)
        request.prompt += try await model.resultsAlone([request])[0].rationale
        request.maxRationaleTokens = maxRationaleTokens
        let expected = try await model.resultsAlone([request])[0]
        let found = try await model.withEngine(speculation: Speculation()) { try await $0.generate([request]) }[0]
        #expect(areSame(found, expected))
        #expect(found.rationale.count == maxRationaleTokens && found.finishReason == .length)
        // The first token is written with the prompt's last, where there is nothing to guess.
        if maxRationaleTokens > 1 { #expect(found.acceptedTokenCount >= maxRationaleTokens / 2) }
    }

    @Test("In float32, where a row's bits depend on its step, nothing is guessed")
    func float32() async throws {
        guard let model = try TinyModel("tiny-qwen3") else { return }
        let requests = (0..<3).map { model.request($0) }
        let results = try await model.withEngine(speculation: Speculation()) { try await $0.generate(requests) }
        #expect(results.allSatisfy { $0.draftedTokenCount == 0 && $0.acceptedTokenCount == 0 })
    }

    @Test("A value that is not finite is the same error with and without speculation")
    func notFinite() async throws {
        guard let model = try TinyModel("tiny-qwen3")?.withoutNumbers(for: 9, precision: .bfloat16) else { return }
        for place in [0, 3, 7] {
            // The model repeats what it reads until it meets the broken token, or does not.
            var request = model.request(0, maxRationaleTokens: 30)
            request.prompt = [1, 2, 3, 1, 2, 3, 1, 2]
            request.poolingStart = 0
            request.prompt[place] = 9
            for speculation in [nil, Speculation()] {
                try await model.withEngine(speculation: speculation) { [request] engine in
                    _ = await #expect(throws: EngineError.notFinite(position: 8)) {
                        try await engine.generate([request])
                    }
                }
            }
        }
    }

    private func areSame(_ found: GenerationResult, _ expected: GenerationResult) -> Bool {
        found.rationale == expected.rationale && found.finishReason == expected.finishReason
            && found.mean == expected.mean && found.trace == expected.trace
    }
}
