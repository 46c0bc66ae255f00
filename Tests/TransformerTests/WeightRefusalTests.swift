import Checkpoints
import Glibc
import SystemPackage
import TestSupport
import Testing
import Transformer

@Suite("Weights that are refused")
struct WeightRefusalTests {
    private func refusal(of model: TinyModel, gguf: Bool) throws -> String? {
        let directory = try TemporaryDirectory()
        let checkpoint: Checkpoint
        let path: String
        if gguf {
            path = try directory.write(model.gguf().build(), to: "model.gguf")
            checkpoint = try Checkpoint(path: FilePath(path))
        } else {
            path = "\(directory.path)/model.safetensors"
            checkpoint = try openCheckpoint(
                config: model.configJSON, tensors: model.safetensors().build(), in: directory)
        }
        let configuration = try TransformerConfiguration(of: checkpoint)
        let error = #expect(throws: TransformerError.self) { try TransformerWeights(of: checkpoint, configuration) }
        return error?.description.replacing(path, with: "FILE")
    }

    @Test(
        "A tensor that is not there is named",
        arguments: [
            ("model.embed_tokens.weight", "token_embd.weight"), ("model.norm.weight", "output_norm.weight"),
            ("model.layers.1.self_attn.k_proj.weight", "blk.1.attn_k.weight"),
            ("model.layers.1.mlp.down_proj.weight", "blk.1.ffn_down.weight"),
            ("model.layers.0.self_attn.q_norm.weight", "blk.0.attn_q_norm.weight"),
        ])
    func missing(huggingFaceName: String, ggufName: String) throws {
        var model = try blockModel(architecture: "qwen3")
        model.tensors[huggingFaceName] = nil
        #expect(try refusal(of: model, gguf: false) == "FILE: there is no tensor \(huggingFaceName)")
        #expect(try refusal(of: model, gguf: true) == "FILE: there is no tensor \(ggufName)")
    }

    @Test("A head of its own is needed where config.json does not tie it to the embedding")
    func missingHead() throws {
        var model = try TinyModel(
            randomWeightsFor: ConfigMembers.llama.setting(["tie_word_embeddings": "false"]), seed: 1)
        model.tensors["lm_head.weight"] = nil
        #expect(try refusal(of: model, gguf: false) == "FILE: there is no tensor lm_head.weight")
    }

    @Test("Qwen2 needs its biases")
    func missingBias() throws {
        let model = try blockModel(architecture: "qwen2")
        #expect(
            try refusal(of: model, gguf: false) == "FILE: there is no tensor model.layers.0.self_attn.q_proj.bias")
    }

    @Test(
        "A tensor of another shape is refused with both shapes",
        arguments: [
            ("model.embed_tokens.weight", "token_embd.weight", [41, 64], [40, 64]),
            ("model.norm.weight", "output_norm.weight", [63], [64]),
            ("model.norm.weight", "output_norm.weight", [1, 64], [64]),
            ("model.layers.1.self_attn.v_proj.weight", "blk.1.attn_v.weight", [64, 32], [32, 64]),
            ("model.layers.0.mlp.gate_proj.weight", "blk.0.ffn_gate.weight", [64, 64], [96, 64]),
            ("model.layers.0.mlp.gate_proj.weight", "blk.0.ffn_gate.weight", [0, 64], [96, 64]),
        ])
    func shapes(huggingFaceName: String, ggufName: String, found: [Int], expected: [Int]) throws {
        var model = try blockModel(architecture: "llama")
        model.tensors[huggingFaceName] = TinyModel.Tensor(
            shape: found, values: [Float](repeating: 0, count: found.reduce(1, *)))
        #expect(
            try refusal(of: model, gguf: false)
                == "FILE: tensor \(huggingFaceName) has shape \(found), expected \(expected)")
        #expect(
            try refusal(of: model, gguf: true) == "FILE: tensor \(ggufName) has shape \(found), expected \(expected)")
    }

    /// The message for a model of which one number is another, in the given place of the file.
    private func refusal(
        of architecture: String, setting name: String, index: Int, to value: Float, gguf: Bool,
        precision: Precision = .float32
    ) throws -> String? {
        var model = try blockModel(architecture: architecture)
        if !gguf { model.tensors[name]?.values[index] = value }
        let directory = try TemporaryDirectory()
        let checkpoint: Checkpoint
        if gguf {
            var builder = model.gguf()
            let place = try #require(builder.tensors.firstIndex { $0.name == name })
            builder.tensors[place].bytes.replaceSubrange(
                4 * index..<4 * index + 4, with: LittleEndian.bytes(value.bitPattern))
            checkpoint = try Checkpoint(path: FilePath(directory.write(builder.build(), to: "model.gguf")))
        } else {
            checkpoint = try openCheckpoint(
                config: model.configJSON, tensors: model.safetensors().build(), in: directory)
        }
        let configuration = try TransformerConfiguration(of: checkpoint)
        let error = #expect(throws: TransformerError.self) {
            try TransformerWeights(of: checkpoint, configuration, precision: precision)
        }
        return error?.description.replacing(directory.path + "/", with: "")
    }

    @Test(
        "A weight that is not finite is refused with its place in the file, in every precision",
        arguments: Precision.allCases)
    func notFinite(precision: Precision) throws {
        let limit: Float =
            switch precision {
            case .float32, .int8: .greatestFiniteMagnitude
            case .bfloat16: Float(bitPattern: 0x7F7F_7FFF)
            case .int4: 65_504
            }
        #expect(
            try refusal(
                of: "llama", setting: "model.layers.1.mlp.up_proj.weight", index: 3 * 64 + 7, to: .nan, gguf: false,
                precision: precision)
                == "model.safetensors: tensor model.layers.1.mlp.up_proj.weight[3, 7] is nan, "
                + "expected a number of a magnitude of at most \(limit)")
        // Rows of queries are interleaved in GGUF files: the place is that of the file.
        #expect(
            try refusal(
                of: "llama", setting: "blk.0.attn_q.weight", index: 5 * 64 + 1, to: -.infinity, gguf: true,
                precision: precision)
                == "model.gguf: tensor blk.0.attn_q.weight[5, 1] is -inf, "
                + "expected a number of a magnitude of at most \(limit)")
    }

    @Test("A norm or a bias that is not finite is refused")
    func vectorsNotFinite() throws {
        #expect(
            try refusal(of: "llama", setting: "model.norm.weight", index: 63, to: .infinity, gguf: false)
                == "model.safetensors: tensor model.norm.weight[63] is inf, "
                + "expected a number of a magnitude of at most 3.4028235e+38")
        #expect(
            try refusal(of: "qwen3", setting: "blk.1.attn_q_norm.weight", index: 2, to: .nan, gguf: true)
                == "model.gguf: tensor blk.1.attn_q_norm.weight[2] is nan, "
                + "expected a number of a magnitude of at most 3.4028235e+38")
    }

    @Test("A divisor of a rotary frequency is positive", arguments: [(Float(0), "0.0"), (-1, "-1.0")])
    func ropeFactors(value: Float, text: String) throws {
        #expect(
            try refusal(of: "llama", setting: "rope_freqs.weight", index: 3, to: value, gguf: true)
                == "model.gguf: tensor rope_freqs.weight[3] is \(text), expected a positive number")
        #expect(
            try refusal(of: "llama", setting: "rope_freqs.weight", index: 3, to: .nan, gguf: true)
                == "model.gguf: tensor rope_freqs.weight[3] is nan, "
                + "expected a number of a magnitude of at most 3.4028235e+38")
    }

    @Test("A file that is truncated after it was opened is refused as its weights are read", arguments: [true, false])
    func truncated(gguf: Bool) throws {
        let model = try blockModel(architecture: "llama")
        let directory = try TemporaryDirectory()
        let checkpoint: Checkpoint
        let path: String
        if gguf {
            path = try directory.write(model.gguf().build(), to: "model.gguf")
            checkpoint = try Checkpoint(path: FilePath(path))
        } else {
            path = "\(directory.path)/model.safetensors"
            checkpoint = try openCheckpoint(
                config: model.configJSON, tensors: model.safetensors().build(), in: directory)
        }
        let configuration = try TransformerConfiguration(of: checkpoint)
        #expect(truncate(path, 10_000) == 0)
        for precision in Precision.allCases {
            let error = #expect(throws: TransformerError.self) {
                try TransformerWeights(of: checkpoint, configuration, precision: precision)
            }
            #expect(error?.description.hasPrefix("\(path): the file has changed while it was read: it had ") == true)
            #expect(error?.description.contains("; now it has 10000 bytes") == true)
        }
    }
}
