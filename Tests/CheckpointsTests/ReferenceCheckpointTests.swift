import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// The directories that `transformers` saved beside the golden numbers.
@Suite("Reference checkpoints")
struct ReferenceCheckpointTests {
    @Test(
        "Directories saved by transformers open as they were saved",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func directories(name: String) throws {
        guard let url = ReferenceDirectory.file(name) else { return }
        let checkpoint = try Checkpoint(path: FilePath(url.path))
        guard case .huggingFace(let directory) = checkpoint.source else {
            Issue.record("expected a Hugging Face directory")
            return
        }
        #expect(checkpoint.name == name)
        #expect(directory.chatTemplate?.isEmpty == false)
        #expect(directory.generationConfig != nil && directory.tokenizerConfig != nil)
        #expect(directory.tokenizerJSON.first == UInt8(ascii: "{"))

        let config = directory.config
        let (hidden, heads) = (try config.integer("hidden_size"), try config.integer("num_attention_heads"))
        let headSize = try config.integerIfPresent("head_dim") ?? hidden / heads
        let keyValueHeads = try config.integer("num_key_value_heads")
        func shape(_ tensor: String) throws -> [Int] { try checkpoint.tensors.description(of: tensor).shape }
        #expect(try shape("model.embed_tokens.weight") == [config.integer("vocab_size"), hidden])
        #expect(try shape("model.norm.weight") == [hidden])
        for layer in 0..<(try config.integer("num_hidden_layers")) {
            let prefix = "model.layers.\(layer)"
            #expect(try shape("\(prefix).self_attn.q_proj.weight") == [heads * headSize, hidden])
            #expect(try shape("\(prefix).self_attn.k_proj.weight") == [keyValueHeads * headSize, hidden])
            #expect(try shape("\(prefix).mlp.down_proj.weight") == [hidden, config.integer("intermediate_size")])
        }
        let norm = try checkpoint.tensors.description(of: "model.norm.weight")
        #expect(norm.format == .float32)
        let values = try norm.bytes().withUnsafeBytes { bytes in
            (0..<hidden).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
        // The script draws these weights from a normal distribution around 1.
        #expect(abs(values.reduce(0, +) / Float(hidden) - 1) < 0.5)
    }

    @Test(
        "Other safetensors files of the reference open",
        arguments: [
            "policy_gradient.safetensors", "tiny-qwen2-lora/adapter_model.safetensors",
            "smollm2-lora/adapter_model.safetensors",
        ])
    func otherFiles(name: String) throws {
        guard let url = ReferenceDirectory.file(name) else { return }
        #expect(try !SafetensorsFile(path: FilePath(url.path)).tensors.tensors.isEmpty)
    }
}
