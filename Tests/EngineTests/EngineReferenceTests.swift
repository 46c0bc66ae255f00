import Engine
import TestSupport
import Testing

@Suite("Engine Reference")
struct EngineReferenceTests {
    @Test(
        "Greedy rationales and pooled vectors equal transformers', all cases in one batch", arguments: TinyModel.names)
    func rationalesAndVectors(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 8, maxBatchTokens: 8192, maxStepTokens: 96, maxRequests: 8)
        let requests = model.golden.cases.indices.map { model.request($0) }
        let results = try await model.withEngine(stopTokens: [511], limits: limits) { try await $0.generate(requests) }
        for (result, expected) in zip(results, model.golden.cases) {
            #expect(result.rationale == expected.rationaleIds)
            #expect(relativeL2(result.mean, expected.embeddingUnnormalised) <= 1e-4)
            #expect(cosine(result.mean, expected.embeddingUnnormalised) >= 0.99999)
        }
    }
}
