import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing

@Suite("Model directory and store")
struct ModelDirectoryTests {
    @Test("A model is found by name, as a file and by path; what is not there is refused with what is")
    func resolution() throws {
        let root = FileManager.default.temporaryDirectory
            .appendingPathComponent("grace-\(UUID().uuidString)", isDirectory: true)
        defer { try? FileManager.default.removeItem(at: root) }
        for file in ["one/config.json", "two/weights.gguf", "manifests/two.json", ".fetch-x/part.gguf", "three.gguf"] {
            let url = root.appendingPathComponent(file)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data("x".utf8).write(to: url)
        }
        let directory = ModelDirectory(path: FilePath(root.path))
        #expect(try directory.resolve("one") == FilePath(root.path + "/one"))
        #expect(try directory.resolve("three") == FilePath(root.path + "/three.gguf"))
        #expect(try directory.resolve("three.gguf") == FilePath(root.path + "/three.gguf"))
        #expect(try directory.resolve(root.path + "/two") == FilePath(root.path + "/two"))
        #expect(
            throws: GraceError.unknownModel(name: "four", directory: root.path, available: ["one", "three", "two"])
        ) { try directory.resolve("four") }
        #expect(try directory.resolve("a/b") == "a/b")
    }

    @Test("Only a ready model answers, and a store that is stopping stays so")
    func states() throws {
        let store = ModelStore(loading: "some")
        guard case .failure(let loading) = store.embedder() else { throw Unexpected() }
        #expect(loading.reason == "the model some is loading")
        store.enter(.failed(reason: "broken"))
        guard case .failure(let failed) = store.embedder() else { throw Unexpected() }
        #expect(failed.reason == "no model is loaded: broken")
        store.enter(.stopping)
        store.enter(.failed(reason: "too late"))
        guard case .failure(let stopping) = store.embedder() else { throw Unexpected() }
        #expect(stopping.reason == "the server is stopping")
    }

    private struct Unexpected: Error {}
}
