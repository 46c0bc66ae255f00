import Checkpoints
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

/// Damaged files: an error or a checkpoint whose every tensor can be read, never a crash.
@Suite("Fuzzed checkpoint files", .serialized)
struct CheckpointFuzzTests {
    /// How many damaged files a test opens; `GRACE_FUZZ_ROUNDS` multiplies.
    private static let caseCount =
        3_000 * max(1, ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1)

    /// Reads every byte of every tensor.
    private func touch(_ tensors: some Sequence<TensorDescription>) throws(CheckpointError) {
        for tensor in tensors {
            precondition(
                tensor.elementCount / tensor.format.elementsPerBlock * tensor.format.bytesPerBlock
                    == tensor.byteRange.count)
            let bytes = try tensor.bytes()
            precondition(bytes.count == tensor.byteRange.count)
        }
    }

    /// Opens damaged copies of `original`; some must be refused and some not, or the damage reaches nothing.
    private func fuzz(
        _ original: [UInt8], name: String, seed: UInt64, in directory: TemporaryDirectory? = nil,
        open: (FilePath) throws -> [TensorDescription]
    ) throws {
        let directory = try directory ?? TemporaryDirectory()
        var mutator = Mutator(seed: seed)
        var (opened, refused) = (0, 0)
        for _ in 0..<Self.caseCount {
            let path = FilePath(try directory.write(mutator.mutate(original), to: name))
            do {
                try touch(open(path))
                opened += 1
            } catch let error as CheckpointError {
                #expect(error.description.count < 1_000)
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(opened > 0 && refused > 0, "\(opened) opened, \(refused) refused")
    }

    @Test("GGUF files", arguments: [1, 2] as [UInt64])
    func gguf(seed: UInt64) throws {
        var builder = GGUFBuilder()
        builder.set("general.architecture", .string("llama"))
        builder.set("general.alignment", .uint32(32))
        builder.set("llama.block_count", .uint32(1))
        builder.set("llama.rope.freq_base", .float32(10_000))
        builder.set("tokenizer.ggml.add_bos_token", .bool(false))
        builder.set("tokenizer.ggml.tokens", .strings(["a", "b", "ab", "<|im_end|>"]))
        builder.set("tokenizer.ggml.token_type", .array(elementType: 5, [.int32(1), .int32(1), .int32(1), .int32(3)]))
        builder.set("nested", .array(elementType: 9, [.strings(["x"]), .array(elementType: 7, [.bool(true)])]))
        builder.addTensor("output_norm.weight", shape: [4], [1, 2, 3, 4])
        builder.addTensor("token_embd.weight", formatCode: 3, shape: [2, 32], bytes: [UInt8](1...40))
        builder.addTensor("output.weight", formatCode: 12, shape: [1, 256], bytes: [UInt8](1...144))
        builder.addTensor("blk.0.ffn_up.weight", formatCode: 14, shape: [1, 256], bytes: [UInt8](1...210))
        try fuzz(builder.build(), name: "file.gguf", seed: seed) {
            Array(try GGUFFile(path: $0).tensors.tensors.values)
        }
    }

    @Test("Safetensors files", arguments: [3, 4] as [UInt64])
    func safetensors(seed: UInt64) throws {
        var builder = SafetensorsBuilder()
        builder.metadata = [("format", "pt")]
        builder.addTensor("model.norm.weight", shape: [4], [1, 2, 3, 4])
        builder.addTensor("model.embed_tokens.weight", dtype: "BF16", shape: [3, 4], bytes: [UInt8](1...24))
        try fuzz(builder.build(), name: "file.safetensors", seed: seed) {
            Array(try SafetensorsFile(path: $0).tensors.tensors.values)
        }
    }

    @Test("Safetensors files of a training's state")
    func trainingState() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/original")
        let file = try FileWriter(creating: path)
        let tensors = [
            TensorSource(name: "moments", shape: [2, 3], format: .float32, [1, 2, 3, 4, 5, 6]),
            TensorSource(name: "step", shape: [2], [7, 8]), TensorSource(name: "generator", bytes: [1, 2, 3]),
        ]
        try SafetensorsWriter.write(tensors, to: file)
        try file.finish()
        try fuzz(try RegularFile(path: path).bytes(), name: "file.safetensors", seed: 9) { path in
            let file = try SafetensorsFile(path: path, allowsRawTensors: true)
            for tensor in file.rawTensors.values {
                let count = tensor.shape.reduce(tensor.number.byteCount, *)
                #expect(try tensor.bytes().count == count)
                if tensor.number == .int64 { #expect(try tensor.integers().count == count / 8) }
            }
            return Array(file.tensors.tensors.values)
        }
    }

    @Test("An index of shards, and the shards", arguments: ["model.safetensors.index.json", "2.safetensors"])
    func shards(damaged: String) throws {
        let directory = try TemporaryDirectory()
        var files = [
            "config.json": [UInt8](#"{"model_type":"llama"}"#.utf8), "tokenizer.json": [UInt8]("{}".utf8),
            "model.safetensors.index.json": [UInt8](
                #"{"metadata":{"total_size":16},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}"#.utf8),
        ]
        for (name, tensor) in [("1.safetensors", "a"), ("2.safetensors", "b")] {
            var builder = SafetensorsBuilder()
            builder.addTensor(tensor, shape: [2], [1, 2])
            files[name] = builder.build()
        }
        for (name, bytes) in files {
            try directory.write(bytes, to: name)
        }
        let original = try #require(files[damaged])
        try fuzz(original, name: damaged, seed: 6, in: directory) { _ in
            Array(try HuggingFaceDirectory(path: FilePath(directory.path)).tensors.tensors.values)
        }
    }

    @Test("Files that are truncated and grow between the opening and the reading")
    func changes() throws {
        var builder = SafetensorsBuilder()
        builder.addTensor("t", shape: [1000], [Float](repeating: 1, count: 1000))
        let bytes = builder.build()
        let directory = try TemporaryDirectory()
        var generator = SeededGenerator(seed: 7)
        var (read, refused) = (0, 0)
        for _ in 0..<Self.caseCount {
            let path = try directory.write(bytes, to: "file.safetensors")
            let tensors = try SafetensorsFile(path: FilePath(path)).tensors
            // Any other size: with the same one, a coarse clock may show no change.
            let size = (bytes.count + Int.random(in: 1...2 * bytes.count, using: &generator)) % (2 * bytes.count + 1)
            #expect(truncate(path, off_t(size)) == 0)
            do {
                try touch(tensors.tensors.values)
                #expect(size > bytes.count)
                read += 1
            } catch {
                #expect(size < bytes.count)
                refused += 1
            }
            #expect(throws: CheckpointError.self) { try tensors.file.checkUnchanged() }
        }
        #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }

    @Test("Configurations")
    func configuration() throws {
        let original = [UInt8](
            """
            {"architectures": ["LlamaForCausalLM"], "hidden_size": 48, "rms_norm_eps": 1e-05, "pad_token_id": null,
             "rope_parameters": {"rope_theta": 500000.0, "rope_type": "llama3"}, "tie_word_embeddings": true,
             "eos_token_id": [1, 2], "text": "\\u00e9\\ud83d\\ude00 \\n é"}
            """.utf8)
        var mutator = Mutator(seed: 5)
        var (read, refused) = (0, 0)
        for _ in 0..<Self.caseCount * 4 {
            do throws(CheckpointError) {
                let document = try JSONDocument(parsing: mutator.mutate(original), file: "config.json")
                read += 1
                _ = try document.object("rope_parameters").number("rope_theta")
                _ = try document.integers("eos_token_id") + [document.integer("hidden_size")]
                _ = try document.strings("architectures")
            } catch {
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(read > 0 && refused > 0, "\(read) read, \(refused) refused")
    }
}
