import Checkpoints
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite("Weights in several files")
struct SafetensorsIndexTests {
    private static let indexName = "model.safetensors.index.json"
    private let directory: TemporaryDirectory
    private var path: FilePath { FilePath(directory.path) }

    /// A directory whose index lists `a` and `b` in the first shard and `c` in the second, as they are.
    init() throws {
        directory = try TemporaryDirectory()
        try directory.write(#"{"model_type":"llama"}"#, to: "config.json")
        try directory.write(#"{"model":{}}"#, to: "tokenizer.json")
        try writeShard("1.safetensors", ["a": 1, "b": 2])
        try writeShard("2.safetensors", ["c": 3])
        try writeIndex(["a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors"])
    }

    private func writeShard(_ name: String, _ tensors: [String: Float]) throws {
        var builder = SafetensorsBuilder()
        for (tensor, value) in tensors.sorted(by: { $0.key < $1.key }) {
            builder.addTensor(tensor, shape: [1], [value])
        }
        try directory.write(builder.build(), to: name)
    }

    private func writeIndex(_ map: [String: String]) throws {
        let members = map.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\"\($0.value)\"" }
        try directory.write(
            "{\"metadata\":{\"total_size\":12},\"weight_map\":{\(members.joined(separator: ","))}}", to: Self.indexName)
    }

    private func message(_ body: () throws -> Void) -> String? {
        #expect(throws: CheckpointError.self, performing: body)?.description
            .replacing("\(directory.path)/", with: "")
    }

    private func refusal() -> String? {
        message { _ = try HuggingFaceDirectory(path: path) }
    }

    @Test("Every tensor is found in its file")
    func tensors() throws {
        let tensors = try HuggingFaceDirectory(path: path).tensors
        #expect(tensors.tensors.keys.sorted() == ["a", "b", "c"])
        for (name, value, file) in [
            ("a", Float(1), "1.safetensors"), ("b", 2, "1.safetensors"), ("c", 3, "2.safetensors"),
        ] {
            let description = try tensors.description(of: name)
            #expect(try description.bytes() == LittleEndian.bytes(value.bitPattern))
            #expect(description.file.path.lastComponent?.string == file)
        }
        #expect(tensors.files.map { $0.path.lastComponent?.string } == ["1.safetensors", "2.safetensors"])
    }

    @Test("A tensor that is nowhere is missing from the index")
    func unknownTensor() throws {
        let tensors = try HuggingFaceDirectory(path: path).tensors
        #expect(message { _ = try tensors.description(of: "d") } == "\(Self.indexName): there is no tensor d")
    }

    @Test("The digests are those of the index and of every shard")
    func digests() throws {
        let digests = try Checkpoint(path: path).digests
        #expect(
            digests.map(\.fileName) == [
                "1.safetensors", "2.safetensors", "config.json", Self.indexName, "tokenizer.json",
            ])
        for digest in digests {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/\(digest.fileName)"))
            #expect(try digest.sha256 == SHA256Digest(of: [UInt8](bytes)))
        }
    }

    @Test("Where there is one file too, it counts, and the index does not")
    func singleFile() throws {
        try writeShard("model.safetensors", ["d": 4])
        let checkpoint = try Checkpoint(path: path)
        #expect(checkpoint.tensors.tensors.keys.sorted() == ["d"])
        #expect(checkpoint.digests.map(\.fileName) == ["config.json", "model.safetensors", "tokenizer.json"])
    }

    @Test(
        "A change of any file after the opening is noticed",
        arguments: ["1.safetensors", "2.safetensors", "config.json"])
    func changes(name: String) throws {
        let checkpoint = try Checkpoint(path: path)
        try checkpoint.checkUnchanged()
        #expect(truncate("\(directory.path)/\(name)", 1) == 0)
        #expect(message { try checkpoint.checkUnchanged() }?.hasPrefix("\(name): the file has changed") == true)
    }

    @Test("A shard that is not there is named")
    func missingShard() throws {
        try FileManager.default.removeItem(atPath: "\(directory.path)/2.safetensors")
        #expect(refusal() == "2.safetensors: cannot open: No such file or directory")
    }

    @Test("A broken shard is named")
    func brokenShard() throws {
        try directory.write([1, 2, 3], to: "2.safetensors")
        #expect(refusal() == "2.safetensors: the header's length needs 8 bytes, but 3 are left in the file")
    }

    @Test("A tensor that the index lists and its shard lacks is refused")
    func listedOnly() throws {
        try writeIndex(["a": "1.safetensors", "b": "1.safetensors", "c": "2.safetensors", "d": "2.safetensors"])
        #expect(refusal() == "2.safetensors: there is no tensor d")
    }

    @Test("A tensor that the index lists in another shard is refused")
    func otherShard() throws {
        try writeIndex(["a": "1.safetensors", "b": "2.safetensors", "c": "2.safetensors"])
        #expect(refusal() == "2.safetensors: there is no tensor b")
    }

    @Test("A tensor that a shard has and the index does not list is refused")
    func unlisted() throws {
        try writeIndex(["a": "1.safetensors", "c": "2.safetensors"])
        #expect(refusal() == "1.safetensors: tensor b is not listed in \(Self.indexName) for this file")
    }

    @Test("A tensor in two shards is refused")
    func twice() throws {
        try writeShard("2.safetensors", ["a": 1, "c": 3])
        #expect(refusal() == "2.safetensors: tensor a is in 1.safetensors too")
    }

    @Test(
        "A shard's name leads to a file in the same directory",
        arguments: [
            "../1.safetensors", "/etc/passwd", "shards/1.safetensors", "..", ".", "", "1.safetensors/",
            "./1.safetensors",
        ])
    func names(name: String) throws {
        try writeIndex(["a": name])
        #expect(
            refusal()
                == "\(Self.indexName): tensor a: expected the name of a file in the same directory, found \"\(name)\"")
    }

    @Test("A name with a null in it is refused")
    func nullInName() throws {
        try directory.write(#"{"weight_map":{"a":"1.safetensors\u0000"}}"#, to: Self.indexName)
        #expect(
            refusal()
                == "\(Self.indexName): tensor a: expected the name of a file in the same directory, "
                + #"found "1.safetensors\0""#)
    }

    @Test(
        "An index of another form is refused",
        arguments: [
            ("{}", "key weight_map is missing"),
            (#"{"weight_map":[]}"#, "weight_map: expected an object, found an array of 0"),
            (#"{"weight_map":{"a":1}}"#, "weight_map.a: expected a string, found 1"),
            (#"{"weight_map":{"a":"x","a":"y"}}"#, "key a occurs twice"),
            ("[", "invalid JSON at byte 1: expected a value"),
        ])
    func forms(json: String, message: String) throws {
        try directory.write(json, to: Self.indexName)
        #expect(refusal() == "\(Self.indexName): \(message)")
    }

    @Test("More shards than any model has are refused before one is opened")
    func manyShards() throws {
        try writeIndex(Dictionary(uniqueKeysWithValues: (0...1024).map { ("t\($0)", "\($0).safetensors") }))
        #expect(refusal() == "\(Self.indexName): the number of shards is 1025, the limit is 1024")
    }
}
