import Checkpoints
import SystemPackage
import TestSupport
import Transformer

extension TinyModel {
    /// The linear layers of a decoder layer.
    static let linearLayers = [
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj",
        "mlp.down_proj",
    ]

    /// A small model of an architecture, with unlike sizes everywhere that both layouts can hold.
    static func forAdapters(_ architecture: String = "llama") throws -> TinyModel {
        let members = ConfigMembers.llama.setting([
            "model_type": "\"\(architecture)\"", "vocab_size": "50", "hidden_size": "64", "intermediate_size": "96",
            "num_hidden_layers": "2", "num_attention_heads": "6", "num_key_value_heads": "2", "head_dim": "12",
        ])
        return try TinyModel(randomWeightsFor: members, seed: 5)
    }

    /// A random adapter of some linear layers of every decoder layer, large enough that it shows.
    func randomAdapter(of linearLayers: [String] = linearLayers, rank: Int = 4, seed: UInt64 = 1) -> LoRABuilder {
        var generator = SeededGenerator(seed: seed)
        func random(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float.random(in: -0.2...0.2, using: &generator) }
        }
        let names = linearLayers.map { "\"\($0)\"" }.joined(separator: ", ")
        var builder = LoRABuilder().setting(["r": "\(rank)", "lora_alpha": "8", "target_modules": "[\(names)]"])
        for layer in 0..<configuration.layerCount {
            for name in linearLayers {
                let module = "model.layers.\(layer).\(name)"
                guard let shape = tensors["\(module).weight"]?.shape else { continue }
                builder.addFactors(
                    module, rank: rank, inputs: shape[1], outputs: shape[0], random(rank * shape[1]),
                    random(shape[0] * rank))
            }
        }
        return builder
    }

    /// The model whose weights are `W + scale * B A`, computed in double precision.
    func merged(with adapter: LoRABuilder, rank: Int, scale: Double) -> TinyModel {
        var copy = self
        for (a, b) in zip(adapter.tensors.tensors, adapter.tensors.tensors.dropFirst())
        where a.name.hasSuffix("lora_A.weight") {
            let name = a.name.replacing("base_model.model.", with: "").replacing("lora_A.", with: "")
            guard var tensor = tensors[name] else { continue }
            let (first, second) = (floats(a), floats(b))
            let inputs = tensor.shape[1]
            for index in tensor.values.indices {
                let (output, input) = index.quotientAndRemainder(dividingBy: inputs)
                let delta = (0..<rank).reduce(0.0) { sum, inner in
                    sum + Double(second[output * rank + inner]) * Double(first[inner * inputs + input])
                }
                tensor.values[index] += Float(scale * delta)
            }
            copy.tensors[name] = tensor
        }
        return copy
    }

    private func floats(_ tensor: SafetensorsBuilder.Tensor) -> [Float] {
        tensor.bytes.withUnsafeBytes { bytes in
            (0..<tensor.bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }
}

extension LoRABuilder {
    /// Stores the adapter and opens it.
    func open() throws -> LoRAAdapter {
        let directory = try TemporaryDirectory()
        try write(to: directory)
        return try LoRAAdapter(path: FilePath(directory.path))
    }
}
