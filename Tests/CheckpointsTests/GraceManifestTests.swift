import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("grace.json")
struct GraceManifestTests {
    private let digest = String(repeating: "0123456789abcdef", count: 4)

    private func manifest(_ text: String) throws -> GraceManifest {
        try GraceManifest(parsing: Array(text.utf8), file: "grace.json")
    }

    @Test("Every member is read, and all but the version may be left out")
    func members() throws {
        let full = try manifest(
            """
            {"version": 1, "system_prompt": "Read.", "pooling": "mean", "normalize": false,
             "generation": {"max_rationale_tokens": 16, "temperature": 0.5, "top_p": 0.9},
             "base": {"name": "base", "sha256": "\(digest)"}, "training": {"steps": 3, "data": ["a"]},
             "files": {"model.gguf": "\(digest)"}, "prompts": {"query": "query: ", "empty": ""},
             "canaries": [{"text": "a", "embedding": [1, 0.5], "max_rationale_tokens": 2, "minimum_cosine": 0.9},
                          {"text": "b", "embedding": [1]}]}
            """)
        #expect(full.systemPrompt == "Read.")
        #expect(full.normalizes == false)
        #expect(full.generation.maxRationaleTokens == 16)
        #expect(full.generation.temperature == 0.5)
        #expect(full.generation.topP == 0.9)
        #expect(full.base?.name == "base")
        #expect(full.base?.sha256 == digest)
        #expect(full.files == ["model.gguf": digest])
        #expect(full.prompts == ["query": "query: ", "empty": ""])
        #expect(full.canaries.map(\.text) == ["a", "b"])
        #expect(full.canaries.map(\.embedding) == [[1, 0.5], [1]])
        #expect(full.canaries.map(\.maxRationaleTokens) == [2, 0])
        #expect(full.canaries.map(\.minimumCosine) == [0.9, 0.99])
        let empty = try manifest(#"{"version": 1}"#)
        #expect(empty.systemPrompt == nil && empty.base == nil && empty.files == nil && empty.canaries.isEmpty)
        #expect(empty.prompts.isEmpty)
        #expect(empty.generation.maxRationaleTokens == nil && empty.normalizes == nil)
    }

    @Test(
        "What is unknown, of another type or out of range is refused with its place",
        arguments: [
            ("{}", "grace.json: key version is missing"),
            (#"{"version": 2}"#, "grace.json: version: expected 1, found 2"),
            (
                #"{"version": 1, "systemPrompt": "a"}"#,
                "grace.json: unknown key systemPrompt, expected one of base, canaries, files, generation, normalize, "
                    + "pooling, prompts, system_prompt, training, version"
            ),
            (
                #"{"version": 1, "generation": {"top_k": 5}}"#,
                "grace.json: unknown key generation.top_k, expected one of max_rationale_tokens, temperature, top_p"
            ),
            (
                #"{"version": 1, "generation": {"temperature": -1}}"#,
                "grace.json: generation.temperature: expected a number of 0.0 to 100.0, found -1.0"
            ),
            (
                #"{"version": 1, "generation": {"max_rationale_tokens": 1e3}}"#,
                "grace.json: generation.max_rationale_tokens: expected an integer, found 1000.0"
            ),
            (
                #"{"version": 1, "pooling": "last"}"#,
                #"grace.json: pooling: expected "mean", found the string "last""#
            ),
            (
                #"{"version": 1, "base": {"name": "a", "sha256": "ABC"}}"#,
                #"grace.json: base.sha256: expected 64 lower-case hexadecimal digits, found the string "ABC""#
            ),
            (#"{"version": 1, "base": {}}"#, "grace.json: key base.name is missing"),
            (
                #"{"version": 1, "canaries": [{"text": "a", "embedding": [0, 0]}]}"#,
                "grace.json: canaries[0].embedding: expected a vector that is not 0, found an array of 2"
            ),
            (
                #"{"version": 1, "canaries": [{"text": "a", "embedding": [1, "b"]}]}"#,
                #"grace.json: canaries[0].embedding[1]: expected a number, found the string "b""#
            ),
            (#"{"version": 1, "prompts": {"a": 5}}"#, "grace.json: prompts.a: expected a string, found 5"),
            (#"{"version": 1, "training": 5}"#, "grace.json: training: expected an object, found 5"),
            (#"{"version": 1, "files": {"a": 5}}"#, "grace.json: files.a: expected a string, found 5"),
        ])
    func refusals(text: String, message: String) {
        #expect {
            _ = try manifest(text)
        } throws: { error in
            "\(error)" == message && error is CheckpointError
        }
    }

    @Test("Files are those that are listed: each of them, no other, and unchanged")
    func files() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath(directory.path)
        #expect(try GraceManifestFile(directory: path) == nil)
        let digests = try ["a", "b"].map { name in
            FileDigest(fileName: name, sha256: try SHA256Digest(of: Array(name.utf8)))
        }
        func verify(_ files: [String: String]?) throws {
            let listed = files.map { files in
                #", "files": {"# + files.map { "\"\($0)\": \"\($1)\"" }.sorted().joined(separator: ", ") + "}"
            }
            try directory.write(#"{"version": 1"# + (listed ?? "") + "}", to: "grace.json")
            let file = try #require(try GraceManifestFile(directory: path))
            try file.verify(digests)
        }
        let all = Dictionary(uniqueKeysWithValues: digests.map { ($0.fileName, $0.sha256.description) })
        try verify(nil)
        try verify(all)
        let manifest = "\(directory.path)/grace.json"
        #expect(throws: CheckpointError.unlistedFile(manifest: manifest, fileName: "b")) {
            try verify(all.filter { $0.key == "a" })
        }
        #expect(throws: CheckpointError.listedFileMissing(manifest: manifest, fileName: "c")) {
            try verify(all.merging(["c": digest]) { first, _ in first })
        }
        #expect(
            throws: CheckpointError.digestMismatch(
                path: "\(directory.path)/b", expected: digest, found: digests[1].sha256.description)
        ) { try verify(all.merging(["b": digest]) { $1 }) }
    }

    @Test("The schema in the documentation allows the keys that are read, and no others")
    func schema() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let bytes = try Array(Data(contentsOf: root.appending(path: "docs/grace.schema.json")))
        let schema = try JSONDocument(parsing: bytes, file: "grace.schema.json")
        func keys(_ object: JSONDocument) throws -> [String] {
            #expect(try object.bool("additionalProperties") == false)
            return try object.object("properties").members.keys.sorted()
        }
        let properties = try schema.object("properties")
        let canary = try properties.object("canaries").object("items")
        for (object, path) in [
            (schema, "x"), (try properties.object("generation"), "generation.x"),
            (try properties.object("base"), "base.x"),
            (canary, "canaries[0].x"),
        ] {
            let text =
                switch path {
                case "x": #"{"version": 1, "x": 1}"#
                case "canaries[0].x": #"{"version": 1, "canaries": [{"x": 1}]}"#
                default: #"{"version": 1, "\#(path.dropLast(2))": {"x": 1}}"#
                }
            #expect(
                throws: CheckpointError.unknownKey(file: "grace.json", key: path, allowed: try keys(object))
            ) { try manifest(text) }
        }
    }
}
