import Engine
import Foundation
import Grace
import Serving
import SystemPackage
import TestSupport
import Testing
import Transformer

/// A directory of tiny checkpoints and a store over it.
struct StoreFixture {
    let directory: TemporaryDirectory
    let store: ModelStore

    /// Copies of tiny references, by name; `base` is beside them where an adapter wants it.
    static func with<Result>(
        _ references: [String: String], memoryLimit: Int = .max, precision: Precision = .bfloat16,
        prepare: (TemporaryDirectory) throws -> Void = { _ in }, body: (StoreFixture) async throws -> Result
    ) async throws -> Result {
        let directory = try TemporaryDirectory()
        for (name, reference) in references {
            let source = try #require(ReferenceDirectory.file(reference))
            try FileManager.default.copyItem(atPath: source.path, toPath: "\(directory.path)/\(name)")
        }
        try prepare(directory)
        let loader = ModelLoader(
            batchLimits: .init(maxLiveRequests: 4, maxBatchTokens: 4096, maxStepTokens: 64, maxRequests: 16),
            maxInputTokens: 256, maxRationaleTokens: 64, precision: precision, threads: 1, speculation: nil,
            settings: GraceSettings(), sharing: SharedGenerations(entryLimit: 0))
        let fixture = StoreFixture(
            directory: directory,
            store: ModelStore(
                directory: ModelDirectory(path: FilePath(directory.path)), loader: loader, memoryLimit: memoryLimit))
        do {
            let result = try await body(fixture)
            await fixture.store.endAll()
            return result
        } catch {
            await fixture.store.endAll()
            throw error
        }
    }

    func load(_ name: String, activates: Bool = false) async throws {
        try await store.load(name, activates: activates)?.value.get()
    }

    /// The vector of a text, and the checkpoint that made it.
    func embed(
        _ selection: CheckpointSelection, _ text: String = "A text.", rationaleTokens: Int = 4,
        before: () async -> Void = {}
    ) async throws -> (checkpoint: String, vector: [Float]) {
        let result = try await store.withModel(selection) { embedder -> Result<(String, [Float]), GraceError> in
            await before()
            do throws(GraceError) {
                let settings = EmbeddingSettings(maxRationaleTokens: rationaleTokens)
                let vector = try await embedder.embed([text], settings: settings)[0].vector
                return .success((embedder.model.identity.description, vector))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    func state(_ name: String) -> CheckpointState? {
        store.listing.checkpoints.first { $0.name == name }?.state
    }
}

@Suite("Model store")
struct ModelStoreTests {
    @Test("Two checkpoints answer side by side, each with its own vectors, and the active one those who name none")
    func sideBySide() async throws {
        try await StoreFixture.with(["a": "tiny-qwen2", "b": "tiny-llama3"]) { fixture in
            try await fixture.load("a", activates: true)
            try await fixture.load("b")
            let a = try await fixture.embed(.pinned("a"))
            let b = try await fixture.embed(.pinned("b"))
            #expect(a.checkpoint.hasPrefix("a@") && b.checkpoint.hasPrefix("b@"))
            #expect(a.vector != b.vector)
            #expect(try await fixture.embed(.preferring(nil)) == a)
            try await fixture.load("b", activates: true)
            #expect(try await fixture.embed(.preferring(nil)) == b)
            #expect(try fixture.store.rollBack() == "a")
            #expect(try await fixture.embed(.preferring(nil)) == a)
        }
    }

    @Test("A request in flight ends on the checkpoint that it began with, though that is given up meanwhile")
    func inFlight() async throws {
        try await StoreFixture.with(["a": "tiny-qwen2", "b": "tiny-llama3"]) { fixture in
            try await fixture.load("a", activates: true)
            let alone = try await fixture.embed(.preferring(nil), rationaleTokens: 64)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let (switched, goOn) = AsyncStream.makeStream(of: Void.self)
            async let answer = fixture.embed(.preferring(nil), rationaleTokens: 64) {
                begin.finish()
                for await _ in switched {}
            }
            for await _ in begun {}
            try await fixture.load("b", activates: true)
            let unloading = try fixture.store.unload("a")
            #expect(fixture.state("a") == .draining)
            goOn.finish()
            #expect(try await answer == alone)
            _ = await unloading.value
            #expect(fixture.state("a") == .available)
        }
    }

    @Test("A checkpoint that cannot be read fails with its reason, and the active one goes on")
    func failure() async throws {
        try await StoreFixture.with(["a": "tiny-qwen2", "b": "tiny-llama3"]) { directory in
            let weights = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/b/model.safetensors"))
            try directory.write(Array(weights.dropLast(100)), to: "b/model.safetensors")
        } body: { fixture in
            try await fixture.load("a", activates: true)
            let before = try await fixture.embed(.preferring(nil))
            await #expect(throws: StoreError.self) { try await fixture.load("b", activates: true) }
            let reason = try #require(fixture.state("b")?.reason)
            #expect(reason.contains("model.safetensors"))
            #expect(fixture.store.listing.active == "a")
            #expect(try await fixture.embed(.preferring(nil)) == before)
            // Repaired, it can be loaded.
            let source = try #require(ReferenceDirectory.file("tiny-llama3/model.safetensors"))
            try fixture.directory.write(Array(Data(contentsOf: source)), to: "b/model.safetensors")
            try await fixture.load("b", activates: true)
            #expect(fixture.state("b") == .active)
        }
    }

    @Test("A checkpoint whose canaries come out wrong is refused, and one whose canaries are right is not")
    func canaries() async throws {
        func manifest(_ vector: [Float]) -> String {
            #"{"version": 1, "canaries": [{"text": "A text.", "max_rationale_tokens": 4, "embedding": "#
                + "\(vector)}]}"
        }
        try await StoreFixture.with(["a": "tiny-qwen2", "b": "tiny-qwen2", "c": "tiny-qwen2", "d": "tiny-qwen2"]) {
            fixture in
            try await fixture.load("a", activates: true)
            let vector = try await fixture.embed(.preferring(nil)).vector
            try fixture.directory.write(manifest(vector), to: "b/grace.json")
            try await fixture.load("b")
            try fixture.directory.write(manifest(vector.map { -$0 }), to: "c/grace.json")
            try fixture.directory.write(manifest(vector.dropLast()), to: "d/grace.json")
            for (name, expected) in [("c", "cosine"), ("d", "\(vector.count - 1) numbers")] {
                await #expect(throws: StoreError.self) { try await fixture.load(name, activates: true) }
                #expect(fixture.state(name)?.reason?.contains(expected) == true)
            }
            #expect(fixture.store.listing.active == "a")
        }
    }

    @Test("A load beyond the memory limit is refused before it allocates")
    func memory() async throws {
        try await StoreFixture.with(["a": "tiny-qwen2", "b": "tiny-llama3"]) { fixture in
            try await fixture.load("a", activates: true)
            let needed = fixture.store.listing.memoryInUse
            #expect(needed > 0)
            let limited = StoreFixture(
                directory: fixture.directory,
                store: ModelStore(
                    directory: fixture.store.directory, loader: fixture.store.loader, memoryLimit: needed))
            try await limited.load("a", activates: true)
            await #expect(throws: StoreError.self) { try await limited.load("b") }
            #expect(limited.state("b")?.reason?.contains("memory limit is \(needed)") == true)
            await limited.store.endAll()
        }
    }

    @Test("Adapters of one base share its memory, and their vectors are not the base's")
    func adapters() async throws {
        let references = ["tiny-qwen2": "tiny-qwen2", "one": "tiny-qwen2-lora", "two": "tiny-qwen2-lora"]
        try await StoreFixture.with(references) { directory in
            try directory.write(#"{"version": 1, "system_prompt": "Another."}"#, to: "two/grace.json")
        } body: { fixture in
            for name in ["tiny-qwen2", "one", "two"] { try await fixture.load(name, activates: true) }
            let listing = fixture.store.listing
            let alone = listing.checkpoints.compactMap(\.memory)
            #expect(listing.memoryInUse < alone.reduce(0, +))
            var vectors: [[Float]] = []
            for name in ["tiny-qwen2", "one", "two"] {
                vectors.append(try await fixture.embed(.pinned(name)).vector)
            }
            #expect(Set(vectors).count == 3)
            #expect(listing.checkpoints.first { $0.name == "one" }?.model?.baseName == "tiny-qwen2")
        }
    }

    @Test("An adapter whose base is missing, or is another than grace.json says, is refused")
    func adapterBases() async throws {
        try await StoreFixture.with(["base": "tiny-qwen2", "one": "tiny-qwen2-lora"]) { directory in
            for (name, base) in [
                ("missing", #"{"name": "nowhere"}"#),
                ("other", #"{"name": "base", "sha256": ""# + String(repeating: "0", count: 64) + #""}"#),
                ("outside", #"{"name": "../../base"}"#), ("none", #"{"name": ".."}"#),
            ] {
                try FileManager.default.copyItem(
                    atPath: "\(directory.path)/one", toPath: "\(directory.path)/\(name)")
                try directory.write(#"{"version": 1, "base": \#(base)}"#, to: "\(name)/grace.json")
            }
        } body: { fixture in
            for (name, reason) in [
                ("one", "no checkpoint 'tiny-qwen2'"), ("missing", "no checkpoint 'nowhere'"),
                ("other", "base: expected files of digest 0000"), ("none", "expected the base's name"),
            ] {
                await #expect(throws: StoreError.self) { try await fixture.load(name) }
                #expect(fixture.state(name)?.reason?.contains(reason) == true, "\(name)")
            }
            // Only the last part of a path counts: it leads nowhere but to a neighbour.
            try await fixture.load("outside")
        }
    }

    @Test("Files that are written over do not change what is loaded")
    func overwritten() async throws {
        try await StoreFixture.with(["a": "tiny-qwen2"]) { fixture in
            try await fixture.load("a", activates: true)
            let before = try await fixture.embed(.preferring(nil))
            for file in try FileManager.default.contentsOfDirectory(atPath: "\(fixture.directory.path)/a") {
                // In place: the same file, cut short.
                let handle = try #require(FileHandle(forWritingAtPath: "\(fixture.directory.path)/a/\(file)"))
                try handle.truncate(atOffset: 10)
                try handle.close()
            }
            #expect(try await fixture.embed(.preferring(nil)) == before)
            fixture.store.rescan()
            #expect(fixture.state("a") == .active)
        }
    }
}
