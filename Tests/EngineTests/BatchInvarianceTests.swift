import Confinement
import Engine
import TestSupport
import Testing
import Transformer

/// With packed weights a text's rationale and vector have the same bits whatever else is computed, and however.
@Suite("Batch invariance", .timeLimit(.minutes(5)))
struct BatchInvarianceTests {
    @Test(
        "Alone, among others, in pieces, without the shared prefix and on more threads: the same bits",
        arguments: TinyModel.namesWithAdapter, [Precision.bfloat16, .int8, .int4])
    func sameBits(name: String, precision: Precision) async throws {
        guard let model = try TinyModel(name, precision: precision) else { return }
        // Greedy and sampled ones.
        let requests = (0..<16).map {
            model.request($0, maxRationaleTokens: 5 + $0, temperature: $0.isMultiple(of: 2) ? 0 : 1)
        }
        let alone = try await model.resultsAlone(requests)
        let together = try await model.withEngine { try await $0.generate(requests) }
        expectSameBits(together, alone)
        let backwards = try await model.withEngine { try await $0.generate(requests.reversed()) }
        expectSameBits(backwards.reversed(), alone)
        // Few places and short steps: prompts in pieces, rows that come and go.
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 3, maxBatchTokens: 100_000, maxStepTokens: 7, maxRequests: 16)
        let pieces = try await model.withEngine(limits: limits, workers: 3) { try await $0.generate(requests) }
        expectSameBits(pieces, alone)
        let unshared = try await model.withEngine(sharedPrefix: [], workers: 2) { try await $0.generate(requests) }
        expectSameBits(unshared, alone)
    }

    @Test(
        "Prompts that are run once for several requests give the same bits",
        arguments: TinyModel.namesWithAdapter, [Precision.bfloat16, .int8])
    func sharedPrompts(name: String, precision: Precision) async throws {
        guard let model = try TinyModel(name, precision: precision) else { return }
        let requests = (0..<18).map { index in
            var request = model.request(index / 6, maxRationaleTokens: 3 + index % 6 * 4, temperature: 1)
            request.sampling.seed = UInt64(index)
            request.wantsTrace = index.isMultiple(of: 3)
            request.stableBelow = index.isMultiple(of: 2) ? 1e-2 : nil
            return request
        }
        let alone = try await model.resultsAlone(requests)
        let together = try await model.withEngine { try await $0.generate(requests) }
        expectSameBits(together, alone)
        // Few places and short steps: some find nobody any more who has run their prompt.
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 4, maxBatchTokens: 100_000, maxStepTokens: 7, maxRequests: 18)
        let pieces = try await model.withEngine(limits: limits, workers: 3) { try await $0.generate(requests) }
        expectSameBits(pieces, alone)
    }

    @Test("A prompt that several requests have is run once", arguments: TinyModel.names)
    func promptTokens(name: String) async throws {
        guard let model = try TinyModel(name, precision: .bfloat16) else { return }
        let requests = (0..<8).map { index in
            var request = model.request(0, maxRationaleTokens: 4, temperature: 1)
            request.sampling.seed = UInt64(index)
            return request
        }
        let reports = Confined<[StepReport]>([])
        _ = try await model.withEngine(onStep: { report in reports.withState { $0.append(report) } }) {
            try await $0.generate(requests)
        }
        // The first runs what is not shared by all prompts, the others the last token of it.
        let (prompt, shared) = (requests[0].prompt.count, requests[0].poolingStart)
        #expect(reports.withState { $0.reduce(0) { $0 + $1.tokens.prompt } } == prompt - shared + 7)
    }

    @Test(
        "Whatever comes, goes and is cancelled beside it, and on however many threads: the same bits",
        arguments: [Precision.bfloat16, .int8, .int4], 0..<9 as Range<UInt64>)
    func randomTraffic(precision: Precision, seed: UInt64) async throws {
        let name = TinyModel.namesWithAdapter[Int(seed) % TinyModel.namesWithAdapter.count]
        guard let model = try TinyModel(name, precision: precision) else { return }
        var generator = SeededGenerator(seed: seed)
        let requests = (0..<24).map { index in
            var request = model.request(
                index, maxRationaleTokens: Int.random(in: 0...30, using: &generator),
                temperature: Bool.random(using: &generator) ? 0 : 0.8,
                topP: Bool.random(using: &generator) ? 1 : 0.9)
            // Prompts of all lengths, that share more or less of the prefix.
            let pooled = request.prompt.count - request.poolingStart
            request.prompt.removeLast(Int.random(in: 0..<pooled, using: &generator))
            request.poolingStart = Int.random(in: 0...request.poolingStart, using: &generator)
            request.wantsTrace = Bool.random(using: &generator)
            request.stableBelow = [nil, 1e-3, 1e-2, 0.1].randomElement(using: &generator) ?? nil
            return request
        }
        let alone = try await model.resultsAlone(requests)
        let liveRequests = Int.random(in: 1...9, using: &generator)
        let limits = BatchScheduler.Limits(
            maxLiveRequests: liveRequests, maxBatchTokens: Int.random(in: 200...3000, using: &generator),
            maxStepTokens: liveRequests + Int.random(in: 0...40, using: &generator), maxRequests: 1000)
        let arrivals = requests.indices.map { _ in Int.random(in: 0...200, using: &generator) }
        let isCancelled = requests.indices.map { _ in Int.random(in: 0..<4, using: &generator) == 0 }
        let workers = Int.random(in: 1...4, using: &generator)
        try await model.withEngine(limits: limits, workers: workers) { engine in
            try await withThrowingTaskGroup(of: (Int, GenerationResult?).self) { group in
                for index in requests.indices.shuffled(using: &generator) {
                    group.addTask {
                        for _ in 0..<arrivals[index] { await Task.yield() }
                        let task = Task { try await engine.generate([requests[index]])[0] }
                        guard isCancelled[index] else { return (index, try await task.value) }
                        for _ in 0..<arrivals[index] { await Task.yield() }
                        task.cancel()
                        return (index, await task.result.success)
                    }
                }
                for try await (index, result) in group {
                    guard let result else { continue }
                    expectSameBits([result], [alone[index]])
                }
            }
        }
    }

    @Test(
        "Fewer bits change the vector of a prompt little", arguments: TinyModel.names,
        [(Precision.bfloat16, 0.998), (.int8, 0.995)])
    func closeness(name: String, bound: (precision: Precision, cosine: Double)) async throws {
        guard let exact = try TinyModel(name), let rounded = try TinyModel(name, precision: bound.precision) else {
            return
        }
        let requests = (0..<6).map { exact.request($0, maxRationaleTokens: 0) }
        let expected = try await exact.withEngine { try await $0.generate(requests) }
        let found = try await rounded.withEngine { try await $0.generate(requests) }
        for (found, expected) in zip(found, expected) {
            // Random weights of a few dozen channels: no average hides the rounding, as it does in a real model.
            #expect(cosine(found.mean, expected.mean) >= bound.cosine)
        }
    }

    private func expectSameBits(
        _ found: some Sequence<GenerationResult>, _ expected: [GenerationResult],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (found, expected) in zip(found, expected) {
            #expect(found.rationale == expected.rationale, sourceLocation: sourceLocation)
            #expect(found.mean == expected.mean, sourceLocation: sourceLocation)
            #expect(found.finishReason == expected.finishReason, sourceLocation: sourceLocation)
            #expect(found.trace == expected.trace, sourceLocation: sourceLocation)
        }
    }
}

extension Result {
    /// nil where it is a failure.
    fileprivate var success: Success? {
        guard case .success(let value) = self else { return nil }
        return value
    }
}
