import Checkpoints
import Engine
import Foundation
import SystemPackage
import TestSupport
import Testing
import Transformer

@Suite("Engine Reference")
struct EngineReferenceTests {
    @Test(
        "Greedy rationales and pooled vectors equal transformers', all cases in one batch",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func rationalesAndVectors(name: String) async throws {
        guard let golden = try Golden.load(name), let directory = ReferenceDirectory.file(name) else { return }
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        let model = Transformer(
            configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
        let first = golden.cases[0]
        let engine = GenerationEngine(
            model: model,
            configuration: .init(
                stopTokens: [511], sharedPrefix: Array(first.promptIds.prefix(first.poolingStart)),
                limits: .init(maxLiveRequests: 8, maxBatchTokens: 8192, maxStepTokens: 96, maxRequests: 8)))
        let results = try await engine.generate(
            golden.cases.map { expected in
                GenerationRequest(
                    prompt: expected.promptIds, poolingStart: expected.poolingStart, maxRationaleTokens: 24,
                    sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
            })
        for (result, expected) in zip(results, golden.cases) {
            #expect(result.rationale == expected.rationaleIds)
            #expect(relativeL2(result.mean, expected.embeddingUnnormalised) <= 1e-4)
            #expect(cosine(result.mean, expected.embeddingUnnormalised) >= 0.99999)
        }
    }
}
