import Checkpoints
import SystemPackage
import TestSupport
import Testing
import Transformer

/// A way to write the configuration of one model.
private struct Spelling: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let json: String

    init(_ description: String, _ json: String) {
        testDescription = description
        self.json = json
    }
}

@Suite("Configuration")
struct ConfigurationTests {
    private static let newSpelling = """
        {
          "model_type": "llama", "vocab_size": 512, "hidden_size": 48, "intermediate_size": 112,
          "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 8,
          "rms_norm_eps": 1e-05, "max_position_embeddings": 1024, "hidden_act": "silu",
          "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true,
          "rope_parameters": {
            "rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0, "original_max_position_embeddings": 64
          }
        }
        """

    @Test("Every number of a config.json is read")
    func everyNumber() throws {
        let configuration = try configuration(ofConfig: Self.newSpelling)
        #expect(configuration.architecture == .llama)
        #expect(configuration.vocabularySize == 512)
        #expect(configuration.hiddenSize == 48)
        #expect(configuration.feedForwardSize == 112)
        #expect(configuration.layerCount == 3)
        #expect(configuration.headCount == 6)
        #expect(configuration.keyValueHeadCount == 3)
        #expect(configuration.headSize == 8)
        #expect(configuration.normEpsilon == 1e-5)
        #expect(configuration.contextLength == 1024)
        #expect(configuration.ropeTheta == 500_000)
        #expect(
            configuration.ropeScaling
                == .llama3(factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 64))
        #expect(configuration.tiesHeadToEmbedding)
        #expect(configuration.attentionBias == .none)
    }

    @Test(
        "Older spellings of the same model give the same configuration",
        arguments: [
            Spelling(
                "as released: rope_theta beside rope_scaling",
                """
                {
                  "model_type": "llama", "vocab_size": 512, "hidden_size": 48, "intermediate_size": 112,
                  "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 8,
                  "rms_norm_eps": 1e-05, "max_position_embeddings": 1024, "hidden_act": "silu",
                  "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": true, "rope_theta": 500000.0,
                  "rope_scaling": {
                    "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                    "original_max_position_embeddings": 64
                  }
                }
                """),
            Spelling(
                "type for rope_type, integers for numbers, no head_dim, no switches that are off, unknown keys",
                """
                {
                  "model_type": "llama", "vocab_size": 512, "hidden_size": 48, "intermediate_size": 112,
                  "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 3,
                  "rms_norm_eps": 0.00001, "max_position_embeddings": 1024, "hidden_act": "silu",
                  "tie_word_embeddings": true, "rope_theta": 500000, "torch_dtype": "bfloat16",
                  "rope_scaling": {
                    "type": "llama3", "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4,
                    "original_max_position_embeddings": 64
                  }
                }
                """),
            Spelling(
                "nulls for what is absent, theta outside of rope_parameters",
                """
                {
                  "model_type": "llama", "vocab_size": 512, "hidden_size": 48, "intermediate_size": 112,
                  "num_hidden_layers": 3, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": null,
                  "rms_norm_eps": 1e-05, "max_position_embeddings": 1024, "hidden_act": "silu",
                  "attention_bias": null, "mlp_bias": null, "tie_word_embeddings": true, "rope_theta": 5e5,
                  "rope_scaling": null, "sliding_window": null, "use_sliding_window": false,
                  "rope_parameters": {
                    "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                    "original_max_position_embeddings": 64
                  }
                }
                """),
        ])
    fileprivate func spellings(spelling: Spelling) throws {
        #expect(try configuration(ofConfig: spelling.json) == configuration(ofConfig: Self.newSpelling))
    }

    @Test("What a config.json leaves out has transformers' defaults")
    func defaults() throws {
        let configuration = try configuration(
            ofConfig: """
                {
                  "model_type": "qwen2", "vocab_size": 10, "hidden_size": 32, "intermediate_size": 7,
                  "num_hidden_layers": 1, "num_attention_heads": 4, "rms_norm_eps": 1e-06,
                  "max_position_embeddings": 20, "hidden_act": "silu"
                }
                """)
        #expect(configuration.keyValueHeadCount == 4)
        #expect(configuration.headSize == 8)
        #expect(configuration.ropeTheta == 10_000)
        #expect(configuration.ropeScaling == .none)
        #expect(!configuration.tiesHeadToEmbedding)
        #expect(configuration.attentionBias == .inputs)
    }

    @Test(
        "Qwen3's heads have their own size where a config.json names none, those of the others divide the hidden state")
    func defaultHeadSize() throws {
        for (architecture, expected) in [("qwen3", 128), ("qwen2", 8), ("llama", 8)] {
            let members = ConfigMembers.llama.setting(["model_type": "\"\(architecture)\"", "head_dim": nil])
            #expect(try TransformerTests.configuration(ofConfig: members.json).headSize == expected)
        }
    }

    @Test(
        "Settings that leave the computation as it is are accepted",
        arguments: [
            ("partial_rotary_factor", "1.0"),
            ("layer_types", "[\"full_attention\", \"full_attention\", \"full_attention\"]"),
            ("sliding_window", "4096"), ("max_window_layers", "2"), ("is_causal", "true"), ("logits_scaling", "1"),
            ("quantization_config", "null"), ("attention_dropout", "0.1"), ("dtype", "\"float16\""),
            (
                "rope_parameters",
                """
                {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0,
                 "high_freq_factor": 4.0, "original_max_position_embeddings": 64}
                """
            ),
        ])
    func neutralSettings(key: String, value: String) throws {
        #expect(
            try configuration(ofConfig: ConfigMembers.llama.setting([key: value]).json)
                == configuration(ofConfig: ConfigMembers.llama.json))
    }

    @Test(
        "Attention has the biases that its architecture has, or its switch asks for",
        arguments: [
            ("llama", "false", AttentionBias.none), ("llama", "true", .all), ("qwen3", "true", .all),
            ("qwen2", "false", .inputs), ("qwen2", "null", .inputs),
        ])
    func biases(architecture: String, attentionBias: String, expected: AttentionBias) throws {
        let members = ConfigMembers.llama.setting([
            "model_type": "\"\(architecture)\"", "attention_bias": attentionBias,
        ])
        #expect(try configuration(ofConfig: members.json).attentionBias == expected)
    }

    @Test("GGUF metadata gives the configuration that config.json gives")
    func gguf() throws {
        var builder = GGUFBuilder()
        builder.set("general.architecture", .string("llama"))
        builder.set("llama.vocab_size", .uint32(512))
        builder.set("llama.embedding_length", .uint32(48))
        builder.set("llama.feed_forward_length", .uint32(112))
        builder.set("llama.block_count", .uint32(3))
        builder.set("llama.attention.head_count", .uint32(6))
        builder.set("llama.attention.head_count_kv", .uint32(3))
        builder.set("llama.attention.key_length", .uint32(8))
        builder.set("llama.attention.value_length", .uint32(8))
        builder.set("llama.rope.dimension_count", .uint32(8))
        builder.set("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        builder.set("llama.context_length", .uint32(1024))
        builder.set("llama.rope.freq_base", .float32(500_000))
        builder.set("tokenizer.ggml.tokens", .strings(["a", "b"]))
        let members = ConfigMembers.llama.setting(["rope_scaling": nil, "rope_theta": "500000"])
        #expect(try configuration(ofGGUF: builder) == configuration(ofConfig: members.json))
    }

    @Test("What GGUF metadata leaves out is derived")
    func ggufDefaults() throws {
        var builder = GGUFBuilder()
        builder.set("general.architecture", .string("qwen2"))
        builder.set("qwen2.embedding_length", .uint32(48))
        builder.set("qwen2.feed_forward_length", .uint64(112))
        builder.set("qwen2.block_count", .uint32(3))
        builder.set("qwen2.attention.head_count", .uint32(6))
        builder.set("qwen2.attention.layer_norm_rms_epsilon", .float32(1e-6))
        builder.set("qwen2.context_length", .uint32(1024))
        builder.set("tokenizer.ggml.tokens", .strings(["a", "b", "c"]))
        builder.addTensor("output.weight", shape: [1, 1], [0])
        let configuration = try configuration(ofGGUF: builder)
        #expect(configuration.vocabularySize == 3)
        #expect(configuration.keyValueHeadCount == 6)
        #expect(configuration.headSize == 8)
        #expect(configuration.ropeTheta == 10_000)
        #expect(!configuration.tiesHeadToEmbedding)
        #expect(configuration.attentionBias == .inputs)
    }
}
