import Checkpoints
import SystemPackage
import Tensors
import TestSupport
import Testing
import Transformer

/// A model whose rows divide into blocks of 32.
func blockModel(architecture: String) throws -> TinyModel {
    let members = ConfigMembers.llama.setting([
        "model_type": "\"\(architecture)\"", "vocab_size": "40", "hidden_size": "64", "intermediate_size": "96",
        "num_hidden_layers": "2", "num_attention_heads": "4", "num_key_value_heads": "2", "head_dim": "16",
    ])
    return try TinyModel(randomWeightsFor: members, seed: 3)
}

private let someTokens: [TokenID] = [1, 39, 7, 7, 0, 21, 33, 2, 5, 8, 13, 34]

@Suite("Weights")
struct WeightTests {
    @Test(
        "A GGUF file gives the hidden states of the Hugging Face directory that it was made from",
        arguments: ["tiny-llama3", "tiny-qwen2", "tiny-qwen3"])
    func ggufEqualsHuggingFace(name: String) throws {
        guard let golden = try Golden.load(name), let model = try TinyModel(reference: name) else { return }
        let huggingFace = try model.loadHuggingFace()
        let gguf = try model.loadGGUF()
        #expect(
            relativeL2(gguf.weights.rotary.inverseFrequencies, huggingFace.weights.rotary.inverseFrequencies) <= 1e-6)
        for expected in golden.cases {
            let found = gguf.hiddenStates(of: expected.promptIds)
            let states = huggingFace.hiddenStates(of: expected.promptIds)
            #expect(zip(found, states).allSatisfy { relativeL2($0, $1) <= 1e-5 })
        }
    }

    @Test(
        "A checkpoint of four bits is served in int4, another in int8, and any in float32 without kernels for few bits",
        arguments: [(Encoding.q4_1, Precision.int4), (.q8_0, .int8), (.float32, .int8), (.bfloat16, .int8)])
    fileprivate func automaticPrecision(encoding: Encoding, expected: Precision) throws {
        let directory = try TemporaryDirectory()
        let bytes = try blockModel(architecture: "llama").gguf(matrices: encoding).build()
        let checkpoint = try Checkpoint(path: FilePath(directory.write(bytes, to: "model.gguf")))
        for kernels in Kernels.allCases {
            let found = Precision.automatic(for: checkpoint, kernels: kernels)
            #expect(found == (kernels == .portable ? .float32 : expected), "\(kernels)")
        }
    }

    @Test("The rows of llama's queries and keys matter: without their order the hidden states differ")
    func rowOrderMatters() throws {
        let model = try blockModel(architecture: "llama")
        let expected = try model.loadHuggingFace().hiddenStates(of: someTokens)
        var builder = model.gguf()
        let name = "blk.1.attn_q.weight"
        let index = try #require(builder.tensors.firstIndex { $0.name == name })
        let asInHuggingFace = try #require(model.tensors["model.layers.1.self_attn.q_proj.weight"])
        builder.tensors[index].bytes = Encoding.float32.encode(asInHuggingFace.values)
        let directory = try TemporaryDirectory()
        let checkpoint = try Checkpoint(path: FilePath(directory.write(builder.build(), to: "model.gguf")))
        let found = Transformer(
            configuration: model.configuration, weights: try TransformerWeights(of: checkpoint, model.configuration)
        ).hiddenStates(of: someTokens)
        #expect(relativeL2(found.flatMap { $0 }, expected.flatMap { $0 }) > 1e-3)
    }

    @Test("llama3 scaling divides long wavelengths, keeps short ones and blends between")
    func ropeScaling() throws {
        let members = ConfigMembers.llama.setting([
            "hidden_size": "16", "num_attention_heads": "1", "num_key_value_heads": "1", "head_dim": "16",
            "rope_theta": "10000",
        ])
        let model = try TinyModel(randomWeightsFor: members, seed: 1)
        let expected: [Float] = [
            1, 0.23668712, 0.0037253549, 0.00098821177, 0.0003125, 9.8821177e-05, 3.125e-05, 9.8821177e-06,
        ]
        for transformer in [try model.loadHuggingFace(), try model.loadGGUF()] {
            for (found, expected) in zip(transformer.weights.rotary.inverseFrequencies, expected) {
                #expect(abs(found / expected - 1) <= 1e-5)
            }
        }
    }

    @Test("safetensors in half precision give the numbers that they hold", arguments: [Encoding.float16, .bfloat16])
    func halfPrecisionSafetensors(encoding: Encoding) throws {
        let model = try blockModel(architecture: "qwen3")
        let found = try model.loadHuggingFace(matrices: encoding).hiddenStates(of: someTokens)
        let rounded = try model.mappingMatrices(encoding.rounded).loadHuggingFace().hiddenStates(of: someTokens)
        #expect(found == rounded)
        let original = try model.loadHuggingFace().hiddenStates(of: someTokens)
        let distance = relativeL2(found.flatMap { $0 }, original.flatMap { $0 })
        #expect(distance > 0 && distance <= 0.05)
    }

    @Test(
        "GGUF files give the numbers that their blocks hold, close to those they were made from",
        arguments: ["llama", "qwen3"],
        [(Encoding.float16, 0.005), (.bfloat16, 0.02), (.q8_0, 0.02), (.q4_1, 0.5)])
    func ggufFormats(architecture: String, encoding: (Encoding, Double)) throws {
        let model = try blockModel(architecture: architecture)
        let found = try model.loadGGUF(matrices: encoding.0).hiddenStates(of: someTokens)
        let rounded = try model.mappingMatrices(encoding.0.rounded).loadGGUF().hiddenStates(of: someTokens)
        #expect(found == rounded)
        let original = try model.loadGGUF().hiddenStates(of: someTokens)
        let distance = relativeL2(found.flatMap { $0 }, original.flatMap { $0 })
        #expect(distance > 0 && distance <= encoding.1)
    }

    @Test("Logits are products with the head, which may be the embedding", arguments: [true, false])
    func head(isTied: Bool) throws {
        let members = ConfigMembers.llama.setting(["vocab_size": "20", "tie_word_embeddings": "\(isTied)"])
        let model = try TinyModel(randomWeightsFor: members, seed: 4)
        let head = try #require(model.tensors[isTied ? "model.embed_tokens.weight" : "lm_head.weight"])
        for transformer in [try model.loadHuggingFace(), try model.loadGGUF()] {
            #expect(transformer.configuration.tiesHeadToEmbedding == isTied)
            let activations = Activations(
                configuration: transformer.configuration, tokenCapacity: 3, samplingCapacity: 2)
            let cache = KVCache(pool: transformer.makePagePool())
            let states = transformer.forward(
                [SequenceChunk(tokens: [5, 6, 7], cache: cache)], activations: activations)
            let rows = [states.row(2), states.row(0)]
            let logits = transformer.logits(ofRows: [2, 0], in: states, activations: activations)
            for (index, row) in rows.enumerated() {
                let expected = (0..<20).map { token in
                    Float((0..<48).reduce(0.0) { $0 + Double(row[$1]) * Double(head.values[token * 48 + $1]) })
                }
                #expect(relativeL2(logits.row(index), expected) <= 1e-5)
            }
        }
    }

    @Test(
        "What weights take in memory is known before they are read",
        arguments: [("llama", "true"), ("llama", "false"), ("qwen2", "true"), ("qwen3", "false")], Precision.allCases)
    func byteCount(model: (architecture: String, isTied: String), precision: Precision) throws {
        let members = ConfigMembers.llama.setting([
            "model_type": "\"\(model.architecture)\"", "vocab_size": "40", "hidden_size": "64",
            "intermediate_size": "96", "num_hidden_layers": "2", "num_attention_heads": "4",
            "num_key_value_heads": "2", "head_dim": "16", "tie_word_embeddings": model.isTied,
            "attention_bias": model.architecture == "llama" ? "true" : "false",
        ])
        var tiny = try TinyModel(randomWeightsFor: members, seed: 3)
        let configuration = tiny.configuration
        // 4 heads of 16 channels and 2 key heads.
        let biases = [("q_proj", 64), ("k_proj", 32), ("v_proj", 32), ("o_proj", 64)].filter { name, _ in
            configuration.attentionBias == .all || configuration.attentionBias == .inputs && name != "o_proj"
        }
        for layer in 0..<2 {
            for (name, count) in biases {
                tiny.tensors["model.layers.\(layer).self_attn.\(name).bias"] = TinyModel.Tensor(
                    shape: [count], values: [Float](repeating: 1, count: count))
            }
        }
        let headNorms = model.architecture == "qwen3" ? 2 * 16 : 0
        let vectors = 64 + 2 * (2 * 64 + headNorms + biases.reduce(0) { $0 + $1.1 })
        let directory = try TemporaryDirectory()
        for gguf in [false, true] {
            let checkpoint =
                gguf
                ? try Checkpoint(
                    path: FilePath(directory.write(tiny.gguf(matrices: .q8_0).build(), to: "model.gguf")))
                : try openCheckpoint(config: tiny.configJSON, tensors: tiny.safetensors().build(), in: directory)
            let configuration = try TransformerConfiguration(of: checkpoint)
            let transformer = Transformer(
                configuration: configuration,
                weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
            #expect(
                try TransformerWeights.byteCount(of: checkpoint, configuration, precision: precision)
                    == transformer.weightBytes + 4 * vectors)
        }
    }
}
