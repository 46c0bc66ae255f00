import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Checkpoints")
struct CheckpointTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private static func gguf() -> [UInt8] {
        var builder = GGUFBuilder()
        builder.addTensor("w", shape: [1], [1])
        return builder.build()
    }

    private func writeHuggingFace(to name: String) throws -> String {
        let path = try directory.makeDirectory(name)
        try directory.write("{}", to: "\(name)/config.json")
        try directory.write("{}", to: "\(name)/tokenizer.json")
        try directory.write("{{ x }}", to: "\(name)/chat_template.jinja")
        var weights = SafetensorsBuilder()
        weights.addTensor("w", shape: [1], [1])
        try directory.write(weights.build(), to: "\(name)/model.safetensors")
        try directory.write("not part of the model", to: "\(name)/README.md")
        return path
    }

    @Test("A GGUF file is called after itself")
    func ggufFile() throws {
        let bytes = Self.gguf()
        let checkpoint = try Checkpoint(path: FilePath(try directory.write(bytes, to: "Tiny-1.5.Q4_1.gguf")))
        #expect(checkpoint.name == "Tiny-1.5.Q4_1")
        #expect(checkpoint.digests.map(\.fileName) == ["Tiny-1.5.Q4_1.gguf"])
        #expect(try checkpoint.digests.map(\.sha256) == [SHA256Digest(of: bytes)])
        #expect(try checkpoint.tensors.description(of: "w").shape == [1])
        guard case .gguf = checkpoint.source else {
            Issue.record("expected a GGUF file")
            return
        }
    }

    @Test("A directory with one GGUF file is called after the directory")
    func ggufDirectory() throws {
        let path = try directory.makeDirectory("Tiny-Instruct")
        try directory.write(Self.gguf(), to: "Tiny-Instruct/weights.gguf")
        try directory.write("", to: "Tiny-Instruct/README.md")
        let checkpoint = try Checkpoint(path: FilePath(path + "/"))
        #expect(checkpoint.name == "Tiny-Instruct")
        #expect(checkpoint.digests.map(\.fileName) == ["weights.gguf"])
    }

    @Test("A Hugging Face directory has the digests of the files that define the model, by name")
    func huggingFace() throws {
        let checkpoint = try Checkpoint(path: FilePath(try writeHuggingFace(to: "Tiny")))
        #expect(checkpoint.name == "Tiny")
        #expect(
            checkpoint.digests.map(\.fileName) == [
                "chat_template.jinja", "config.json", "model.safetensors", "tokenizer.json",
            ])
        #expect(
            checkpoint.digests[1].sha256.description
                == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a")
        guard case .huggingFace = checkpoint.source else {
            Issue.record("expected a Hugging Face directory")
            return
        }
    }

    @Test("A path that ends in . or .. is called after what it stands for")
    func dots() throws {
        let path = try writeHuggingFace(to: "Tiny")
        #expect(try Checkpoint(path: FilePath(path + "/.")).name == "Tiny")
        _ = try directory.makeDirectory("Tiny/inside")
        #expect(try Checkpoint(path: FilePath(path + "/inside/..")).name == "Tiny")
    }

    @Test("A path that leads to no model is refused, with what is there")
    func refusals() throws {
        func message(_ name: String) -> String? {
            #expect(throws: CheckpointError.self) { try Checkpoint(path: FilePath("\(directory.path)/\(name)")) }?
                .description.replacing("\(directory.path)/", with: "")
        }
        _ = try directory.makeDirectory("empty")
        _ = try directory.makeDirectory("two")
        try directory.write(Self.gguf(), to: "two/b.gguf")
        try directory.write(Self.gguf(), to: "two/a.gguf")
        try directory.write("x", to: "model.bin")
        _ = try directory.makeDirectory("directory.gguf/inside")
        #expect(message("absent") == "absent: cannot open: No such file or directory")
        #expect(message("empty") == "empty: expected config.json or one .gguf file, found neither")
        #expect(message("two") == "two: expected one .gguf file, found 2: a.gguf, b.gguf")
        #expect(message("model.bin") == "model.bin: expected a .gguf file or a directory, found a file of another name")
        #expect(message("model.bin/x") == "model.bin/x: cannot examine: Not a directory")
        #expect(message("directory.gguf") == "directory.gguf: expected config.json or one .gguf file, found neither")
    }
}
