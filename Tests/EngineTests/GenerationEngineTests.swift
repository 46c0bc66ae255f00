import Confinement
import Engine
import TestSupport
import Testing
import Transformer

@Suite("GenerationEngine", .timeLimit(.minutes(5)))
struct GenerationEngineTests {
    @Test("The mean of one pass equals that of a second pass over the same tokens", arguments: TinyModel.names)
    func singlePass(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<6).map { model.request($0, maxRationaleTokens: 17 + $0) }
        let results = try await model.withEngine { try await $0.generate(requests) }
        for (request, result) in zip(requests, results) {
            #expect(result.finishReason == .length)
            #expect(result.rationale.count == request.maxRationaleTokens)
            #expect(relativeL2(result.mean, model.meanOfFullPass(request, rationale: result.rationale)) <= 1e-5)
        }
    }

    @Test("A stop token ends the rationale and is in neither rationale nor mean", arguments: TinyModel.names)
    func stopTokens(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<6).map { model.request($0) }
        let unstopped = try await model.withEngine { try await $0.generate(requests) }
        // The first ends at once, the second in the middle.
        let stopTokens: Set = [unstopped[0].rationale[0], unstopped[1].rationale[11]]
        let results = try await model.withEngine(stopTokens: stopTokens) { try await $0.generate(requests) }
        #expect(results[0].rationale == [])
        #expect(results[1].finishReason == .stop)
        for (index, result) in results.enumerated() {
            let expected = Array(unstopped[index].rationale.prefix { !stopTokens.contains($0) })
            #expect(result.rationale == expected)
            #expect(result.finishReason == (expected.count < 24 ? .stop : .length))
            #expect(relativeL2(result.mean, model.meanOfFullPass(requests[index], rationale: expected)) <= 1e-5)
        }
    }

    @Test(
        "A request among fifteen others gives what it gives alone", arguments: TinyModel.names, [Float(0), 1])
    func amongOthers(name: String, temperature: Float) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<16).map { model.request($0, temperature: temperature, topP: 0.95) }
        let alone = try await model.resultsAlone(requests)
        let together = try await model.withEngine { try await $0.generate(requests) }
        #expect(zip(together, alone).allSatisfy(areClose))
        if temperature > 0 { #expect(Set(alone.map(\.rationale)).count == 16) }
    }

    @Test("Rows that join and leave do not change the others", arguments: TinyModel.names)
    func joiningAndLeaving(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        // Rationales of unlike lengths in few places: each place changes hands at another step.
        let requests = (0..<16).map { model.request($0, maxRationaleTokens: ($0 * 7) % 24, temperature: 1) }
        let alone = try await model.resultsAlone(requests)
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 3, maxBatchTokens: 100_000, maxStepTokens: 40, maxRequests: 16)
        let together = try await model.withEngine(limits: limits) { try await $0.generate(requests) }
        #expect(zip(together, alone).allSatisfy(areClose))
    }

    @Test("What is shared of a prefix changes nothing", arguments: TinyModel.names)
    func sharedPrefix(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        var requests = (0..<6).map { model.request($0) }
        // One that shares a part of it, one that shares nothing, one that is pooled from its first token.
        requests[3].prompt[40] = (requests[3].prompt[40] + 1) % 500
        requests[4].prompt[0] = (requests[4].prompt[0] + 1) % 500
        requests[5].poolingStart = 0
        let unshared = try await model.withEngine(sharedPrefix: []) { try await $0.generate(requests) }
        for prefix in [model.prefix, Array(model.prefix.prefix(1)), requests[0].prompt + [1, 2, 3]] {
            let results = try await model.withEngine(sharedPrefix: prefix) { try await $0.generate(requests) }
            #expect(zip(results, unshared).allSatisfy(areClose))
        }
        #expect(Set(unshared.map(\.mean)).count == 6)
    }

    @Test("A prompt in small pieces gives what it gives as a whole", arguments: TinyModel.names, [1, 2, 7])
    func chunkedPrompt(name: String, maxStepTokens: Int) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<6).map { model.request($0, maxRationaleTokens: 9) }
        let whole = try await model.resultsAlone(requests)
        let limits = BatchScheduler.Limits(
            maxLiveRequests: min(2, maxStepTokens), maxBatchTokens: 1000, maxStepTokens: maxStepTokens, maxRequests: 6)
        let pieces = try await model.withEngine(limits: limits) { try await $0.generate(requests) }
        #expect(zip(pieces, whole).allSatisfy(areClose))
    }

    @Test("Without a rationale the mean is over the prompt alone", arguments: TinyModel.names)
    func withoutRationale(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<6).map { model.request($0, maxRationaleTokens: 0) }
        // Every token stops: none must be written.
        let stopTokens = Set(0..<TokenID(model.transformer.configuration.vocabularySize))
        let results = try await model.withEngine(stopTokens: stopTokens) { try await $0.generate(requests) }
        for (index, result) in results.enumerated() {
            #expect(result.rationale == [])
            #expect(result.finishReason == .length)
            #expect(relativeL2(result.mean, model.meanOfFullPass(requests[index], rationale: [])) <= 1e-5)
            #expect(cosine(result.mean, model.golden.cases[index].embeddingWithoutRationale) >= 0.99999)
        }
    }

    @Test("Token i of a rationale is draw i from the logits of all tokens before it", arguments: TinyModel.names)
    func draws(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let request = model.request(2, maxRationaleTokens: 12, temperature: 1, topP: 0.9)
        let result = try await model.withEngine { try await $0.generate([request]) }[0]
        let expected = result.rationale.indices.map { index in
            Drawer(model.logits(after: request.prompt + result.rationale[..<index]))
                .token(request.sampling, draw: index)
        }
        #expect(result.rationale == expected)
    }

    @Test("A prompt whose last token alone is pooled, of one token")
    func smallestPrompt() async throws {
        guard let model = try TinyModel("tiny-qwen3") else { return }
        let request = GenerationRequest(
            prompt: [5], poolingStart: 0, maxRationaleTokens: 2,
            sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
        let results = try await model.withEngine { try await $0.generate([request]) }
        #expect(results.count == 1)
        #expect(relativeL2(results[0].mean, model.meanOfFullPass(request, rationale: results[0].rationale)) <= 1e-5)
    }

    @Test("Every step is told of: who had a share, who wrote, whose prompt goes on")
    func stepReports() async throws {
        guard let model = try TinyModel("tiny-qwen3") else { return }
        let reports = Confined<[StepReport]>([])
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 2, maxBatchTokens: 1000, maxStepTokens: 40, maxRequests: 6)
        var configuration = GenerationEngine.Configuration(stopTokens: [], sharedPrefix: [], limits: limits)
        configuration.onStep = { report in reports.withState { $0.append(report) } }
        let engine = GenerationEngine(model: model.transformer, configuration: configuration)
        defer { engine.stop() }
        let requests = [3, 2].map { tokens in
            GenerationRequest(
                // Each a prompt of its own, or one would run it for both.
                prompt: (0..<60).map { TokenID($0 + tokens) }, poolingStart: 0, maxRationaleTokens: tokens,
                sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
        }
        _ = try await engine.generate(requests)
        let found = reports.withState { $0 }
        // 40 of the first; 20 and 20 of the second; 39 of it beside a token; its last one; then both, then one.
        #expect(found.map(\.rows) == [1, 2, 2, 2, 2, 1])
        #expect(found.map(\.writingRows) == [0, 1, 1, 2, 1, 0])
        #expect(found.map(\.unfinishedPrompts) == [1, 1, 1, 0, 0, 0])
        #expect(found.map(\.tokens.prompt) == [40, 40, 39, 1, 0, 0])
        #expect(found.map(\.tokens.written) == [0, 1, 1, 2, 1, 0])
        #expect(found.map(\.tokens.run) == [40, 40, 40, 2, 2, 1])
        #expect(found.map(\.tokens.sampled) == [0, 1, 1, 2, 1, 0])
        // Each token looks at all up to its own.
        let attended = [820, 1010 + 210, 61 + 1560, 62 + 60, 63 + 61, 62]
        #expect(found.map(\.tokens.attended) == attended)
        #expect(found.map(\.admittedRows) == [2, 0, 0, 0, 0, 0])
        #expect(found.allSatisfy { $0.tokens.drafted == 0 && $0.tokens.accepted == 0 })
        #expect(found.allSatisfy { $0.startedAt < $0.endedAt })
        #expect(zip(found, found.dropFirst()).allSatisfy { $0.endedAt <= $1.startedAt })
    }

    @Test("No requests give no results")
    func nothing() async throws {
        guard let model = try TinyModel("tiny-qwen2") else { return }
        #expect(try await model.withEngine { try await $0.generate([]) } == [])
    }
}
