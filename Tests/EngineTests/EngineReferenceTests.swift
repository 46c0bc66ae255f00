import Engine
import TestSupport
import Testing
import Transformer

@Suite("Engine Reference")
struct EngineReferenceTests {
    @Test(
        "Greedy rationales and pooled vectors equal transformers', all cases in one batch",
        arguments: [
            ("tiny-qwen2", 511, 1e-4), ("tiny-qwen3", 511, 1e-4), ("tiny-llama3", 511, 1e-4),
            ("tiny-qwen2-lora", 511, 1e-4),
            // The real model, whose sums differ more in their last bits; GGUF stores its queries and keys in another order.
            ("smollm2-lora", 2, 1e-3),
        ] as [(String, TokenID, Double)])
    func rationalesAndVectors(name: String, endOfTurn: TokenID, bound: Double) async throws {
        guard let model = try TinyModel(name) else { return }
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 8, maxBatchTokens: 8192, maxStepTokens: 96, maxRequests: 8)
        let maxTokens = Golden.maxRationaleTokens(of: name)
        let requests = model.golden.cases.indices.map { model.request($0, maxRationaleTokens: maxTokens) }
        let results = try await model.withEngine(stopTokens: [endOfTurn], limits: limits) {
            try await $0.generate(requests)
        }
        for (result, expected) in zip(results, model.golden.cases) {
            #expect(result.rationale == expected.rationaleIds)
            #expect(relativeL2(result.mean, expected.embeddingUnnormalised) <= bound)
            #expect(cosine(result.mean, expected.embeddingUnnormalised) >= 0.99999)
        }
    }
}
