import Checkpoints
import Foundation
import SystemPackage
import Tensors
import TestSupport
import Transformer

/// A small checkpoint taken apart, so that tests can store it in other ways.
struct TinyModel {
    /// A tensor under its Hugging Face name, row-major.
    struct Tensor {
        let shape: [Int]
        var values: [Float]
    }

    let configJSON: String
    let configuration: TransformerConfiguration
    var tensors: [String: Tensor]

    /// A model of the reference directory; nil if that part was not made.
    init?(reference name: String) throws {
        guard let directory = ReferenceDirectory.file(name) else {
            print("Reference part \(name) is not there: skipped")
            return nil
        }
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        configJSON = try String(contentsOf: directory.appendingPathComponent("config.json"), encoding: .utf8)
        configuration = try TransformerConfiguration(of: checkpoint)
        tensors = try checkpoint.tensors.tensors.mapValues { description in
            let values = try description.bytes().withUnsafeBytes { bytes in
                (0..<description.elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
            return Tensor(shape: description.shape, values: values)
        }
    }

    /// Random weights, large enough that every operator matters, for a configuration without biases.
    init(randomWeightsFor members: ConfigMembers, seed: UInt64) throws {
        configJSON = members.json
        let c = try TransformerTests.configuration(ofConfig: configJSON)
        configuration = c
        var generator = SeededGenerator(seed: seed)
        var tensors: [String: Tensor] = [:]
        func matrix(_ name: String, _ rows: Int, _ columns: Int) {
            let bound = 2.5 / Float(columns).squareRoot()
            tensors[name] = Tensor(
                shape: [rows, columns],
                values: (0..<rows * columns).map { _ in Float.random(in: -bound...bound, using: &generator) })
        }
        func vector(_ name: String, _ count: Int) {
            tensors[name] = Tensor(
                shape: [count], values: (0..<count).map { _ in Float.random(in: 0.5...1.5, using: &generator) })
        }
        matrix("model.embed_tokens.weight", c.vocabularySize, c.hiddenSize)
        vector("model.norm.weight", c.hiddenSize)
        if !c.tiesHeadToEmbedding {
            matrix("lm_head.weight", c.vocabularySize, c.hiddenSize)
        }
        for layer in 0..<c.layerCount {
            let prefix = "model.layers.\(layer)"
            vector("\(prefix).input_layernorm.weight", c.hiddenSize)
            vector("\(prefix).post_attention_layernorm.weight", c.hiddenSize)
            if c.architecture == .qwen3 {
                vector("\(prefix).self_attn.q_norm.weight", c.headSize)
                vector("\(prefix).self_attn.k_norm.weight", c.headSize)
            }
            matrix("\(prefix).self_attn.q_proj.weight", c.headCount * c.headSize, c.hiddenSize)
            matrix("\(prefix).self_attn.k_proj.weight", c.keyValueHeadCount * c.headSize, c.hiddenSize)
            matrix("\(prefix).self_attn.v_proj.weight", c.keyValueHeadCount * c.headSize, c.hiddenSize)
            matrix("\(prefix).self_attn.o_proj.weight", c.hiddenSize, c.headCount * c.headSize)
            matrix("\(prefix).mlp.gate_proj.weight", c.feedForwardSize, c.hiddenSize)
            matrix("\(prefix).mlp.up_proj.weight", c.feedForwardSize, c.hiddenSize)
            matrix("\(prefix).mlp.down_proj.weight", c.hiddenSize, c.feedForwardSize)
        }
        self.tensors = tensors
    }

    /// The model with every matrix's values changed, its vectors as they are.
    func mappingMatrices(_ transform: ([Float]) -> [Float]) -> TinyModel {
        var copy = self
        copy.tensors = tensors.mapValues { tensor in
            tensor.shape.count == 2 ? Tensor(shape: tensor.shape, values: transform(tensor.values)) : tensor
        }
        return copy
    }

    // MARK: - Stored and read again

    /// Stores the model as a Hugging Face directory and loads it for products in a precision.
    func load(precision: Precision) throws -> Transformer {
        let checkpoint = try openCheckpoint(
            config: configJSON, tensors: safetensors().build(), in: TemporaryDirectory())
        return Transformer(
            configuration: configuration,
            weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
    }

    /// Stores the model as a Hugging Face directory and loads it.
    func loadHuggingFace(matrices encoding: Encoding = .float32) throws -> Transformer {
        let checkpoint = try openCheckpoint(
            config: configJSON, tensors: safetensors(matrices: encoding).build(), in: TemporaryDirectory())
        return try load(checkpoint)
    }

    /// Stores the model as a GGUF file and loads it.
    func loadGGUF(matrices encoding: Encoding = .float32) throws -> Transformer {
        let directory = try TemporaryDirectory()
        let path = try directory.write(gguf(matrices: encoding).build(), to: "model.gguf")
        return try load(Checkpoint(path: FilePath(path)))
    }

    private func load(_ checkpoint: Checkpoint) throws -> Transformer {
        let configuration = try TransformerConfiguration(of: checkpoint)
        return Transformer(
            configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
    }

    func safetensors(matrices encoding: Encoding = .float32) -> SafetensorsBuilder {
        var builder = SafetensorsBuilder()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let format = tensor.shape.count == 2 ? encoding : .float32
            builder.addTensor(
                name, dtype: format.safetensorsName, shape: tensor.shape, bytes: format.encode(tensor.values))
        }
        return builder
    }

    /// As the conversion scripts of llama.cpp write it.
    func gguf(matrices encoding: Encoding = .float32) -> GGUFBuilder {
        let c = configuration
        let architecture = c.architecture.rawValue
        var builder = GGUFBuilder()
        builder.set("general.architecture", .string(architecture))
        builder.set("\(architecture).embedding_length", .uint32(UInt32(c.hiddenSize)))
        builder.set("\(architecture).feed_forward_length", .uint32(UInt32(c.feedForwardSize)))
        builder.set("\(architecture).block_count", .uint32(UInt32(c.layerCount)))
        builder.set("\(architecture).attention.head_count", .uint32(UInt32(c.headCount)))
        builder.set("\(architecture).attention.head_count_kv", .uint32(UInt32(c.keyValueHeadCount)))
        builder.set("\(architecture).attention.key_length", .uint32(UInt32(c.headSize)))
        builder.set("\(architecture).attention.value_length", .uint32(UInt32(c.headSize)))
        builder.set("\(architecture).attention.layer_norm_rms_epsilon", .float32(c.normEpsilon))
        builder.set("\(architecture).context_length", .uint32(UInt32(c.contextLength)))
        builder.set("\(architecture).rope.freq_base", .float32(c.ropeTheta))
        builder.set("tokenizer.ggml.tokens", .strings((0..<c.vocabularySize).map { "t\($0)" }))
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let format = tensor.shape.count == 2 ? encoding : .float32
            let values = c.architecture == .llama ? interleaved(name, tensor) : tensor.values
            builder.addTensor(
                Self.ggufName(name), formatCode: format.ggmlType, shape: tensor.shape.map { UInt64($0) },
                bytes: format.encode(values))
        }
        if let factors = ropeFactors {
            builder.addTensor("rope_freqs.weight", shape: [UInt64(factors.count)], factors)
        }
        return builder
    }

    /// Rows of queries and keys, and their biases, from halves to neighbours: new row `2 * i + half` of a head is old
    /// row `half * D / 2 + i`.
    private func interleaved(_ name: String, _ tensor: Tensor) -> [Float] {
        guard name.contains("q_proj") || name.contains("k_proj") else { return tensor.values }
        let columns = tensor.shape.count == 2 ? tensor.shape[1] : 1
        let half = configuration.headSize / 2
        var result: [Float] = []
        for head in 0..<tensor.shape[0] / configuration.headSize {
            for pair in 0..<half {
                for row in [pair, half + pair] {
                    let start = (head * configuration.headSize + row) * columns
                    result += tensor.values[start..<start + columns]
                }
            }
        }
        return result
    }

    /// What llama3 scaling divides each frequency by.
    private var ropeFactors: [Float]? {
        guard case .llama3(let factor, let low, let high, let original) = configuration.ropeScaling else { return nil }
        return (0..<configuration.headSize / 2).map { index in
            let exponent = 2 * Double(index) / Double(configuration.headSize)
            let wavelength = 2 * Double.pi * pow(Double(configuration.ropeTheta), exponent)
            let turns = Double(original) / wavelength
            if turns > Double(high) { return 1 }
            if turns < Double(low) { return factor }
            let smooth = (turns - Double(low)) / Double(high - low)
            return Float(1 / ((1 - smooth) / Double(factor) + smooth))
        }
    }

    private static func ggufName(_ name: String) -> String {
        let names = [
            ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"),
            ("model.layers", "blk"), ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
            ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
            ("self_attn.o_proj", "attn_output"), ("self_attn.q_norm", "attn_q_norm"),
            ("self_attn.k_norm", "attn_k_norm"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"),
            ("mlp.down_proj", "ffn_down"),
        ]
        return names.reduce(name) { $0.replacing($1.0, with: $1.1) }
    }
}

extension Transformer {
    /// The hidden states of the tokens as one sequence, in steps of the given lengths; one step without.
    func hiddenStates(of tokens: [TokenID], steps: [Int]? = nil) -> [[Float]] {
        let activations = Activations(configuration: configuration, tokenCapacity: tokens.count, samplingCapacity: 1)
        let cache = KVCache(pool: makePagePool())
        var result: [[Float]] = []
        for length in steps ?? [tokens.count] {
            let states = forward(
                [SequenceChunk(tokens: tokens[result.count..<result.count + length], cache: cache)],
                activations: activations)
            result += (0..<length).map(states.row)
        }
        return result
    }
}
