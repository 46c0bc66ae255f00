import Evaluation
import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing

/// What PyTorch computed: `make_language_model_scores.py`.
private struct GoldenScores: Decodable {
    let text: String
    let window, tokens, answerTokens, places: Int
    let meanLoss, klCheckpointBase, klBaseCheckpoint, agreement: Double
    let instructions: [String]
}

@Suite("Evaluating a model", .serialized)
struct ModelTests {
    private func model(_ name: String) throws -> LoadedModel {
        let url = try #require(ReferenceDirectory.file(name))
        return try LoadedModel(path: FilePath(url.path))
    }

    @Test("Perplexity in windows equals the reference's")
    func perplexity() async throws {
        let golden: GoldenScores = try evaluationGolden("language_model.json")
        let found = try await LanguageModelScores.perplexity(
            of: golden.text, file: "text", model: model("tiny-qwen2"), window: golden.window, threads: 1)
        #expect(found.tokens == golden.tokens)
        #expect(abs(found.meanLoss - golden.meanLoss) < 1e-4)
        #expect(found.bitsPerByte > 0)
        #expect(found.window == golden.window)
    }

    @Test("A window longer than a step, and one that all fits in, are of the same text")
    func windows() async throws {
        let model = try model("tiny-qwen2")
        let text = (0..<60).map { "word \($0)" }.joined(separator: " ")
        let whole = try await LanguageModelScores.perplexity(
            of: text, file: "text", model: model, window: 1024, threads: 2)
        #expect(whole.tokens > 130)
        let single = try await LanguageModelScores.perplexity(
            of: text, file: "text", model: model, window: 2, threads: 1)
        #expect(single.tokens == (whole.tokens + 1) / 2)
        #expect(single.meanLoss != whole.meanLoss)
    }

    @Test("Windows and texts that leave nothing to foresee are refused")
    func refused() async throws {
        let model = try model("tiny-qwen2")
        for window in [0, 1, 1025] {
            await #expect(
                throws: EvaluationError.option("--window", found: "\(window)", allowed: "2 to 1024 tokens")
            ) {
                try await LanguageModelScores.perplexity(
                    of: "a text", file: "text", model: model, window: window, threads: 1)
            }
        }
        await #expect(throws: EvaluationError.tooFew(file: "text", what: "tokens", found: 0, needed: 2)) {
            try await LanguageModelScores.perplexity(of: "", file: "text", model: model, window: 8, threads: 1)
        }
    }

    @Test("The divergence of an adapter from its base equals the reference's")
    func divergence() async throws {
        let golden: GoldenScores = try evaluationGolden("language_model.json")
        let found = try await LanguageModelScores.divergence(
            of: model("tiny-qwen2-lora"), from: model("tiny-qwen2"), instructions: golden.instructions, file: "asked",
            answerTokens: golden.answerTokens, threads: 1)
        #expect(found.tokens == golden.places)
        #expect(found.instructions == 3)
        #expect(abs(found.fromBase - golden.klCheckpointBase) < 1e-4)
        #expect(abs(found.toBase - golden.klBaseCheckpoint) < 1e-4)
        #expect(abs(found.agreement - golden.agreement) < 1e-9)
    }

    @Test("A model does not differ from itself")
    func itself() async throws {
        let model = try model("tiny-qwen2")
        let found = try await LanguageModelScores.divergence(
            of: model, from: model, instructions: ["Say a word."], file: "asked", answerTokens: 6, threads: 1)
        #expect(found.fromBase == 0 && found.toBase == 0)
        #expect(found.agreement == 1)
    }

    @Test("Models of other vocabularies, answers longer than the context, and no instructions are refused")
    func incomparable() async throws {
        let (qwen, llama) = (try model("tiny-qwen2"), try model("tiny-llama3"))
        for (base, instructions, answerTokens) in [(llama, ["a"], 4), (qwen, ["a"], 2000), (qwen, [], 4)] {
            await #expect(throws: EvaluationError.self) {
                try await LanguageModelScores.divergence(
                    of: qwen, from: base, instructions: instructions, file: "asked", answerTokens: answerTokens,
                    threads: 1)
            }
        }
    }

    @Test("A model embeds as the server's embedder does, with rationales and without")
    func embeds() async throws {
        let golden = try #require(try Golden.load("tiny-qwen2"))
        let embedder = try ModelEmbedder(model("tiny-qwen2"), threads: 1)
        let example = golden.cases[0]
        let plain = try await embedder.embed(example.text, as: .withoutRationale)
        #expect(cosine(plain.vector, example.embeddingWithoutRationale) >= 0.99999)
        #expect(plain.rationale.isEmpty && !plain.isCutOff)
        let settings = RationaleSettings(
            maxRationaleTokens: Golden.maxRationaleTokens(of: "tiny-qwen2"), temperature: 0, seed: 0)
        let reasoned = try await embedder.embed(example.text, as: settings)
        #expect(reasoned.rationale == example.rationale)
        #expect(reasoned.rationaleTokens == example.rationaleIds.count)
        #expect(relativeL2(reasoned.vector, example.embeddingUnnormalised) <= 1e-4)
        let drawn = RationaleSettings(maxRationaleTokens: 8, temperature: 1, seed: 3)
        #expect(try await embedder.embed("a", as: drawn) == embedder.embed("a", as: drawn))
        let stable = RationaleSettings(maxRationaleTokens: 40, temperature: 1, seed: 3, stopWhenStable: 2)
        let short = try await embedder.embed("a", as: stable)
        #expect(short.rationaleTokens == 8 && !short.isCutOff)
        #expect(try await short.vector == embedder.embed("a", as: drawn).vector)
        let tooLong = RationaleSettings(maxRationaleTokens: 5000, temperature: 0, seed: 0)
        await #expect(throws: EvaluationError.text("a", .rationaleTooLong(tokens: 5000, contextLength: 1024))) {
            try await embedder.embed("a", as: tooLong)
        }
        await embedder.stop()
    }
}
