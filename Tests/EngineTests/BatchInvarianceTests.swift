import Engine
import TestSupport
import Testing
import Transformer

/// In bfloat16 a text's rationale and vector have the same bits whatever else is computed, and however.
@Suite("Batch invariance", .timeLimit(.minutes(5)))
struct BatchInvarianceTests {
    @Test(
        "Alone, among others, in pieces, without the shared prefix and on more threads: the same bits",
        arguments: TinyModel.names, [Float(0), 1])
    func sameBits(name: String, temperature: Float) async throws {
        guard let model = try TinyModel(name, precision: .bfloat16) else { return }
        let requests = (0..<16).map { model.request($0, maxRationaleTokens: 5 + $0, temperature: temperature) }
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

    @Test("bfloat16 changes the vector of a prompt little", arguments: TinyModel.names)
    func closeness(name: String) async throws {
        guard let exact = try TinyModel(name), let rounded = try TinyModel(name, precision: .bfloat16) else { return }
        let requests = (0..<6).map { exact.request($0, maxRationaleTokens: 0) }
        let expected = try await exact.withEngine { try await $0.generate(requests) }
        let found = try await rounded.withEngine { try await $0.generate(requests) }
        for (found, expected) in zip(found, expected) {
            // Random weights of a few dozen channels: no average hides the rounding, as it does in a real model.
            #expect(cosine(found.mean, expected.mean) >= 0.998)
        }
    }

    private func expectSameBits(
        _ found: some Sequence<GenerationResult>, _ expected: [GenerationResult],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for (found, expected) in zip(found, expected) {
            #expect(found.rationale == expected.rationale, sourceLocation: sourceLocation)
            #expect(found.mean == expected.mean, sourceLocation: sourceLocation)
        }
    }
}
