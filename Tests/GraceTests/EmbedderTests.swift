import Engine
import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing

@Suite("Embedder", .serialized)
struct EmbedderTests {
    private func model() throws -> LoadedModel {
        try #require(try loadReference("tiny-qwen2"))
    }

    @Test("The same text gives the same rationale and vector also when it is sampled without a seed")
    func derivedSeeds() async throws {
        try await Embedder.with(model()) { embedder in
            let settings = EmbeddingSettings(maxRationaleTokens: 12, temperature: 1, topP: 0.9)
            let first = try await embedder.embed(["one text", "another", "one text"], settings: settings)
            let alone = try await embedder.embed(["one text"], settings: settings)
            #expect(first[0].rationaleTokens == first[2].rationaleTokens)
            #expect(first[0].rationaleTokens == alone[0].rationaleTokens)
            #expect(first[0].seed == alone[0].seed)
            #expect(first[0].seed != first[1].seed)
            #expect(relativeL2(alone[0].vector, first[0].vector) <= 1e-5)
        }
    }

    @Test("A seed decides the rationale")
    func seeds() async throws {
        try await Embedder.with(model()) { embedder in
            func rationale(_ seed: UInt64) async throws -> [Int32] {
                let settings = EmbeddingSettings(maxRationaleTokens: 16, temperature: 1, seed: seed)
                let embedding = try await embedder.embed(["a text"], settings: settings)[0]
                #expect(embedding.seed == seed)
                return embedding.rationaleTokens
            }
            let (first, second, other) = (try await rationale(1), try await rationale(1), try await rationale(2))
            #expect(first == second)
            #expect(first != other)
        }
    }

    @Test("Text and rationale share the model's context")
    func context() async throws {
        try await Embedder.with(model(), maxInputTokens: 1 << 20) { embedder in
            let text = String(repeating: "many words ", count: 2000)
            let cut = try await embedder.embed([text], settings: EmbeddingSettings(maxRationaleTokens: 24))[0]
            #expect(cut.isTruncated)
            #expect(cut.promptTokenCount <= 1024 - 24)
            #expect(cut.promptTokenCount >= 1024 - 24 - 3)
            await #expect(throws: GraceError.rationaleTooLong(tokens: 1024, contextLength: 1024)) {
                try await embedder.embed([text], settings: EmbeddingSettings(maxRationaleTokens: 1024))
            }
        }
    }

    @Test(
        "Limits that leave no text room are refused at the start",
        arguments: [(maxInputTokens: 20, maxBatchTokens: 4096), (maxInputTokens: 1024, maxBatchTokens: 20)])
    func noRoomForAnyText(maxInputTokens: Int, maxBatchTokens: Int) throws {
        let model = try model()
        let promptTokens = try model.promptBuilder.prompt(for: "a", limit: 1024, truncation: .refuse).tokens.count - 1
        #expect(throws: GraceError.noRoomForText(promptTokens: promptTokens, limit: 20)) {
            try Embedder(
                model: model,
                limits: .init(
                    maxLiveRequests: 1, maxBatchTokens: maxBatchTokens, maxStepTokens: 16, maxRequests: 1),
                maxInputTokens: maxInputTokens)
        }
    }

    @Test("A caller that has gone costs no prompt")
    func cancelledBeforePrompts() async throws {
        try await Embedder.with(model()) { embedder in
            let tooLong = String(repeating: "many words ", count: 2000)
            let caller = Task { () -> Result<[Embedding], GraceError> in
                while !Task.isCancelled { await Task.yield() }
                do throws(GraceError) {
                    return .success(
                        try await embedder.embed([tooLong], settings: EmbeddingSettings(truncation: .refuse)))
                } catch {
                    return .failure(error)
                }
            }
            caller.cancel()
            let outcome = await caller.value
            #expect(throws: GraceError.engine(.cancelled)) { try outcome.get() }
        }
    }

    @Test("The fingerprint covers files and settings, and not the directory's name")
    func fingerprint() throws {
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        let directory = FileManager.default.temporaryDirectory
            .appendingPathComponent("grace-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.copyItem(at: source, to: directory)
        defer { try? FileManager.default.removeItem(at: directory) }
        func fingerprint(_ settings: GraceSettings = GraceSettings()) throws -> String {
            try LoadedModel(path: FilePath(directory.path), settings: settings).identity.fingerprint
        }
        let original = try LoadedModel(path: FilePath(source.path)).identity
        #expect(original.fingerprint.count == 64)
        #expect(original.description == "tiny-qwen2@\(original.fingerprint.prefix(12))")
        #expect(try fingerprint() == original.fingerprint)
        #expect(try fingerprint(GraceSettings(systemPrompt: "Another.")) != original.fingerprint)
        let template = directory.appendingPathComponent("chat_template.jinja")
        try (String(contentsOf: template, encoding: .utf8) + " ").write(to: template, atomically: true, encoding: .utf8)
        #expect(try fingerprint() != original.fingerprint)
    }
}
