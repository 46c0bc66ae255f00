import Engine
import Grace
import SystemPackage
import TestSupport
import Testing
import Tokenization
import Transformer

/// The whole path from text to vector against PyTorch and transformers.
@Suite("Grace Reference", .serialized)
struct GraceReferenceTests {
    static let checkpoints = ["tiny-qwen2", "tiny-qwen3", "tiny-llama3", "smollm2"]

    @Test("Token ids equal those of the reference tokenizer", arguments: checkpoints)
    func tokens(name: String) throws {
        guard let golden = try Golden.load(name), let model = try loadReference(name) else { return }
        for tokens in try #require(golden.tokens) {
            #expect(
                model.tokenizer.encode(tokens.text, controlTokens: .recognised) == tokens.ids,
                "\(tokens.text.debugDescription)")
        }
    }

    @Test("Rendered prompts, their ids and the pooling start equal the reference's", arguments: checkpoints)
    func prompts(name: String) throws {
        guard let golden = try Golden.load(name), let model = try loadReference(name) else { return }
        let builder = model.promptBuilder
        for expected in golden.cases {
            let rendered = try builder.template.render(
                systemPrompt: builder.systemPrompt, text: expected.text, beginOfText: builder.beginOfText,
                endOfText: builder.endOfText)
            #expect(Array(rendered.text.utf8) == Array(expected.rendered.utf8))
            let prompt = try builder.prompt(for: expected.text, limit: 1024, truncation: .refuse)
            #expect(prompt.tokens == expected.promptIds)
            #expect(prompt.poolingStart == expected.poolingStart)
        }
    }

    @Test("Greedy rationales and vectors equal the reference's, with and without a rationale", arguments: checkpoints)
    func embeddings(name: String) async throws {
        guard let golden = try Golden.load(name), let model = try loadReference(name) else { return }
        // The real model is quantised and deeper: its sums differ more in their last bits.
        let bound = name == "smollm2" ? 1e-3 : 1e-4
        let texts = golden.cases.map(\.text)
        try await Embedder.with(model) { embedder in
            let settings = EmbeddingSettings(maxRationaleTokens: Golden.maxRationaleTokens(of: name))
            let embeddings = try await embedder.embed(texts, settings: settings)
            let bare = try await embedder.embed(texts, settings: EmbeddingSettings(maxRationaleTokens: 0))
            for (index, expected) in golden.cases.enumerated() {
                #expect(embeddings[index].rationaleTokens == expected.rationaleIds)
                #expect(Array(embeddings[index].rationale.text.utf8) == Array(expected.rationale.utf8))
                #expect(relativeL2(embeddings[index].vector, expected.embeddingUnnormalised) <= bound)
                #expect(cosine(embeddings[index].vector, expected.embeddingUnnormalised) >= 0.99999)
                let unit = normalized(bare[index].vector)
                #expect(relativeL2(unit, expected.embeddingWithoutRationale) <= bound)
                #expect(cosine(unit, expected.embeddingWithoutRationale) >= 0.99999)
            }
        }
    }

    @Test(
        "The real model stays close to the reference's vectors in every precision, on the reference's own tokens",
        arguments: ["smollm2"], [(Precision.bfloat16, 0.9995), (.int8, 0.995), (.int4, 0.995)])
    func precisions(name: String, bound: (precision: Precision, cosine: Double)) async throws {
        guard let golden = try Golden.load(name), let path = TestModels.path(ofReference: name) else { return }
        let model = try LoadedModel(path: FilePath(path), precision: bound.precision)
        // The rationale is part of the prompt: another one would say nothing of the precision.
        let requests = golden.cases.flatMap { example in
            [example.promptIds, example.promptIds + example.rationaleIds].map { tokens in
                GenerationRequest(
                    prompt: tokens, poolingStart: example.poolingStart, maxRationaleTokens: 0,
                    sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
            }
        }
        let expected = golden.cases.flatMap { [$0.embeddingWithoutRationale, $0.embedding] }
        try await Embedder.with(model) { embedder in
            let results = try await embedder.engine.generate(requests)
            for (found, expected) in zip(results, expected) {
                #expect(cosine(found.mean, expected) >= bound.cosine, "\(bound.precision)")
            }
        }
    }

    private func normalized(_ vector: [Float]) -> [Float] {
        let norm = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return vector.map { Float(Double($0) / norm) }
    }
}
