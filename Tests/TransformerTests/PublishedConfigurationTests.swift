import Checkpoints
import TestSupport
import Testing
import Transformer

/// A published model: its `config.json` as released, and what `transformers` 5 writes in place of some members.
private struct Published: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let json: String
    /// The members of the released file that newer ones lack, as they stand there, and what newer ones have instead.
    let older: String
    let newer: String
    let check: @Sendable (TransformerConfiguration) -> Bool
}

@Suite("Published configurations")
struct PublishedConfigurationTests {
    private static let qwen25Small = Published(
        testDescription: "Qwen2.5-1.5B-Instruct",
        json: """
            {
              "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
              "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 1536, "initializer_range": 0.02,
              "intermediate_size": 8960, "max_position_embeddings": 32768, "max_window_layers": 21,
              "model_type": "qwen2", "num_attention_heads": 12, "num_hidden_layers": 28, "num_key_value_heads": 2,
              "rms_norm_eps": 1e-06, OLDER, "tie_word_embeddings": true,
              "transformers_version": "4.43.1", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
            }
            """,
        older: #""rope_theta": 1000000.0, "sliding_window": 32768, "torch_dtype": "bfloat16""#,
        newer: #""rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}, "sliding_window": null, "#
            + #""dtype": "bfloat16", "layer_types": [LAYERS]"#,
        check: {
            $0.architecture == .qwen2 && $0.hiddenSize == 1536 && $0.feedForwardSize == 8960 && $0.layerCount == 28
                && $0.headCount == 12 && $0.keyValueHeadCount == 2 && $0.headSize == 128
                && $0.vocabularySize == 151_936 && $0.contextLength == 32_768 && $0.ropeTheta == 1_000_000
                && $0.ropeScaling == .none && $0.normEpsilon == 1e-6 && $0.tiesHeadToEmbedding
                && $0.attentionBias == .inputs
        })

    private static let qwen25Large = Published(
        testDescription: "Qwen2.5-3B-Instruct",
        json: """
            {
              "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
              "eos_token_id": 151645, "hidden_act": "silu", "hidden_size": 2048, "initializer_range": 0.02,
              "intermediate_size": 11008, "max_position_embeddings": 32768, "max_window_layers": 70,
              "model_type": "qwen2", "num_attention_heads": 16, "num_hidden_layers": 36, "num_key_value_heads": 2,
              "rms_norm_eps": 1e-06, OLDER, "tie_word_embeddings": true,
              "transformers_version": "4.43.1", "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
            }
            """,
        older: #""rope_theta": 1000000.0, "sliding_window": 32768, "torch_dtype": "bfloat16""#,
        newer: #""rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}, "sliding_window": null, "#
            + #""dtype": "bfloat16", "layer_types": [LAYERS]"#,
        check: {
            $0.architecture == .qwen2 && $0.hiddenSize == 2048 && $0.feedForwardSize == 11_008 && $0.layerCount == 36
                && $0.headCount == 16 && $0.keyValueHeadCount == 2 && $0.headSize == 128
                && $0.vocabularySize == 151_936 && $0.contextLength == 32_768 && $0.ropeTheta == 1_000_000
                && $0.ropeScaling == .none && $0.normEpsilon == 1e-6 && $0.tiesHeadToEmbedding
                && $0.attentionBias == .inputs
        })

    private static let llama32 = Published(
        testDescription: "Llama-3.2-3B-Instruct",
        json: """
            {
              "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
              "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "head_dim": 128,
              "hidden_act": "silu", "hidden_size": 3072, "initializer_range": 0.02, "intermediate_size": 8192,
              "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
              "num_attention_heads": 24, "num_hidden_layers": 28, "num_key_value_heads": 8, "pretraining_tp": 1,
              "rms_norm_eps": 1e-05, OLDER, "tie_word_embeddings": true, "transformers_version": "4.45.0.dev0",
              "use_cache": true, "vocab_size": 128256
            }
            """,
        older: #""rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "#
            + #""original_max_position_embeddings": 8192, "rope_type": "llama3"}, "rope_theta": 500000.0, "#
            + #""torch_dtype": "bfloat16""#,
        newer: #""rope_parameters": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "#
            + #""original_max_position_embeddings": 8192, "rope_theta": 500000.0, "rope_type": "llama3"}, "#
            + #""dtype": "bfloat16""#,
        check: {
            $0.architecture == .llama && $0.hiddenSize == 3072 && $0.feedForwardSize == 8192 && $0.layerCount == 28
                && $0.headCount == 24 && $0.keyValueHeadCount == 8 && $0.headSize == 128
                && $0.vocabularySize == 128_256 && $0.contextLength == 131_072 && $0.ropeTheta == 500_000
                && $0.ropeScaling
                    == .llama3(
                        factor: 32, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 8192)
                && $0.normEpsilon == 1e-5 && $0.tiesHeadToEmbedding && $0.attentionBias == .none
        })

    private static let qwen3 = Published(
        testDescription: "Qwen3-4B-Instruct-2507",
        json: """
            {
              "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
              "bos_token_id": 151643, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
              "hidden_size": 2560, "initializer_range": 0.02, "intermediate_size": 9728,
              "max_position_embeddings": 262144, "max_window_layers": 36, "model_type": "qwen3",
              "num_attention_heads": 32, "num_hidden_layers": 36, "num_key_value_heads": 8, "rms_norm_eps": 1e-06,
              OLDER, "sliding_window": null, "tie_word_embeddings": true, "transformers_version": "4.51.0",
              "use_cache": true, "use_sliding_window": false, "vocab_size": 151936
            }
            """,
        older: #""rope_scaling": null, "rope_theta": 5000000, "torch_dtype": "bfloat16""#,
        newer: #""rope_parameters": {"rope_theta": 5000000, "rope_type": "default"}, "dtype": "bfloat16", "#
            + #""layer_types": [LAYERS]"#,
        check: {
            $0.architecture == .qwen3 && $0.hiddenSize == 2560 && $0.feedForwardSize == 9728 && $0.layerCount == 36
                && $0.headCount == 32 && $0.keyValueHeadCount == 8 && $0.headSize == 128
                && $0.vocabularySize == 151_936 && $0.contextLength == 262_144 && $0.ropeTheta == 5_000_000
                && $0.ropeScaling == .none && $0.normEpsilon == 1e-6 && $0.tiesHeadToEmbedding
                && $0.attentionBias == .none
        })

    @Test(
        "The config.json of every published backbone is read, as released and as transformers 5 writes it",
        arguments: [qwen25Small, qwen25Large, llama32, qwen3])
    fileprivate func published(model: Published) throws {
        let released = try configuration(ofConfig: model.json.replacing("OLDER", with: model.older))
        #expect(model.check(released), "\(released)")
        let layers = [String](repeating: #""full_attention""#, count: released.layerCount).joined(separator: ", ")
        let newer = model.newer.replacing("LAYERS", with: layers)
        #expect(try configuration(ofConfig: model.json.replacing("OLDER", with: newer)) == released)
    }
}
