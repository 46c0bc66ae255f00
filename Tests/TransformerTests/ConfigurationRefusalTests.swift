import Checkpoints
import SystemPackage
import TestSupport
import Testing
import Transformer

/// Changes to a configuration that must be refused, and the message that says why, with `FILE` for its path.
private struct ConfigRefusal: CustomTestStringConvertible, Sendable {
    let changes: [String: String?]
    let message: String

    init(_ changes: [String: String?], _ message: String) {
        self.changes = changes
        self.message = message
    }

    var testDescription: String { message }
}

@Suite("Configurations that are refused")
struct ConfigurationRefusalTests {
    private static let unsupported = [
        ConfigRefusal(
            ["model_type": "\"mistral\""],
            "FILE: architecture 'mistral' is not supported, only llama, qwen2, qwen3"),
        // The architecture is named even where nothing else is as it should be.
        ConfigRefusal(
            ["model_type": "\"bert\"", "hidden_act": "\"gelu\"", "rms_norm_eps": nil, "vocab_size": "\"many\""],
            "FILE: architecture 'bert' is not supported, only llama, qwen2, qwen3"),
        ConfigRefusal(["model_type": nil], "FILE: key model_type is missing"),
        ConfigRefusal(["hidden_act": "\"gelu\""], "FILE: hidden_act is 'gelu', supported is 'silu'"),
        ConfigRefusal(["hidden_act": nil], "FILE: key hidden_act is missing"),
        ConfigRefusal(["use_sliding_window": "true"], "FILE: use_sliding_window is true, supported is false"),
        ConfigRefusal(["mlp_bias": "true"], "FILE: mlp_bias is true, supported is false"),
        ConfigRefusal(
            ["rope_scaling": "{\"type\": \"linear\", \"factor\": 2}"],
            "FILE: rope_scaling.rope_type is 'linear', supported is 'default' or 'llama3'"),
        ConfigRefusal(
            ["rope_parameters": "{\"rope_type\": \"yarn\", \"rope_theta\": 1}"],
            "FILE: rope_parameters.rope_type is 'yarn', supported is 'default' or 'llama3'"),
        ConfigRefusal(["rope_scaling": "{}"], "FILE: key rope_scaling.type is missing"),
        ConfigRefusal(
            ["rope_scaling": "{\"rope_type\": \"llama3\"}"], "FILE: key rope_scaling.factor is missing"),
        ConfigRefusal(["rope_scaling": "8"], "FILE: rope_scaling: expected an object, found 8"),
        ConfigRefusal(["is_causal": "false"], "FILE: is_causal is false, supported is true"),
        ConfigRefusal(
            ["use_bidirectional_attention": "true"],
            "FILE: use_bidirectional_attention is true, supported is false"),
        ConfigRefusal(["partial_rotary_factor": "0.5"], "FILE: partial_rotary_factor is 0.5, supported is 1"),
        ConfigRefusal(
            ["rope_scaling": nil, "rope_parameters": "{\"rope_type\": \"default\", \"partial_rotary_factor\": 0.25}"],
            "FILE: rope_parameters.partial_rotary_factor is 0.25, supported is 1"),
        ConfigRefusal(["embedding_multiplier": "12"], "FILE: embedding_multiplier is 12.0, supported is 1"),
        ConfigRefusal(["residual_multiplier": "0.22"], "FILE: residual_multiplier is 0.22, supported is 1"),
        ConfigRefusal(["logits_scaling": "8"], "FILE: logits_scaling is 8.0, supported is 1"),
        ConfigRefusal(
            ["attention_multiplier": "0.0078125"], "FILE: attention_multiplier is 0.0078125, supported is none"),
        ConfigRefusal(["query_pre_attn_scalar": "256"], "FILE: query_pre_attn_scalar is 256, supported is none"),
        ConfigRefusal(["final_logit_softcapping": "30.0"], "FILE: final_logit_softcapping is 30.0, supported is none"),
        ConfigRefusal(["attn_logit_softcapping": "50.0"], "FILE: attn_logit_softcapping is 50.0, supported is none"),
        ConfigRefusal(["clip_qkv": "8"], "FILE: clip_qkv is 8, supported is none"),
        ConfigRefusal(
            ["quantization_config": "{\"quant_method\": \"gptq\"}"],
            "FILE: quantization_config is an object of 1, supported is none"),
        ConfigRefusal(
            ["layer_types": "[\"full_attention\", \"sliding_attention\", \"full_attention\"]"],
            "FILE: layer_types[1] is 'sliding_attention', supported is 'full_attention'"),
        ConfigRefusal(
            ["layer_types": "[\"full_attention\"]"],
            "FILE: the length of layer_types is 1, supported is num_hidden_layers, 3"),
        ConfigRefusal(
            ["rope_parameters": "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}"],
            "FILE: rope_scaling is llama3(factor: 32.0, lowFrequencyFactor: 1.0, highFrequencyFactor: 4.0, "
                + "originalContextLength: 64.0), supported is that of rope_parameters, none"),
        ConfigRefusal(
            ["rope_scaling": nil, "rope_parameters": "{\"rope_type\": \"default\", \"rope_theta\": 10000}"],
            "FILE: rope_theta is 500000.0, supported is rope_parameters.rope_theta, 10000.0"),
    ]

    private static let outOfRange = [
        ConfigRefusal(["vocab_size": nil], "FILE: key vocab_size is missing"),
        ConfigRefusal(["hidden_size": "\"48\""], "FILE: hidden_size: expected an integer, found the string \"48\""),
        ConfigRefusal(["hidden_size": "48.0"], "FILE: hidden_size: expected an integer, found 48.0"),
        ConfigRefusal(["vocab_size": "0"], "FILE: vocab_size is 0, allowed are 1 to 16777216"),
        ConfigRefusal(["vocab_size": "16777217"], "FILE: vocab_size is 16777217, allowed are 1 to 16777216"),
        ConfigRefusal(["hidden_size": "-48"], "FILE: hidden_size is -48, allowed are 1 to 65536"),
        ConfigRefusal(
            ["intermediate_size": "9223372036854775807"],
            "FILE: intermediate_size is 9223372036854775807, allowed are 1 to 1048576"),
        ConfigRefusal(["num_hidden_layers": "0"], "FILE: num_hidden_layers is 0, allowed are 1 to 1024"),
        ConfigRefusal(["num_attention_heads": "1025"], "FILE: num_attention_heads is 1025, allowed are 1 to 1024"),
        ConfigRefusal(["num_attention_heads": "0"], "FILE: num_attention_heads is 0, allowed are 1 to 1024"),
        ConfigRefusal(["num_key_value_heads": "7"], "FILE: num_key_value_heads is 7, allowed are 1 to 6"),
        ConfigRefusal(["num_key_value_heads": "0"], "FILE: num_key_value_heads is 0, allowed are 1 to 6"),
        ConfigRefusal(
            ["max_position_embeddings": "0"], "FILE: max_position_embeddings is 0, allowed are 1 to 16777216"),
        ConfigRefusal(["head_dim": "0"], "FILE: head_dim is 0, allowed are 1 to 4096"),
        ConfigRefusal(["head_dim": "4098"], "FILE: head_dim is 4098, allowed are 1 to 4096"),
        ConfigRefusal(
            ["head_dim": "7"], "FILE: head_dim is 7, not a multiple of the halves of a rotated head, 2"),
        ConfigRefusal(
            ["head_dim": nil, "hidden_size": "50"],
            "FILE: hidden_size is 50, not a multiple of num_attention_heads, 6"),
        ConfigRefusal(
            ["head_dim": nil, "hidden_size": "42"],
            "FILE: hidden_size / num_attention_heads is 7, not a multiple of the halves of a rotated head, 2"),
        ConfigRefusal(
            ["num_key_value_heads": "4"],
            "FILE: num_attention_heads is 6, not a multiple of num_key_value_heads, 4"),
        ConfigRefusal(
            ["rms_norm_eps": "0"],
            "FILE: rms_norm_eps is 0.0, expected a number that is positive and finite in single precision"),
        ConfigRefusal(
            ["rms_norm_eps": "1e-300"],
            "FILE: rms_norm_eps is 1e-300, expected a number that is positive and finite in single precision"),
        ConfigRefusal(
            ["rope_theta": "-10000"],
            "FILE: rope_theta is -10000.0, expected a number that is positive and finite in single precision"),
        ConfigRefusal(
            ["rope_theta": "1e39"],
            "FILE: rope_theta is 1e+39, expected a number that is positive and finite in single precision"),
        ConfigRefusal(
            [
                "rope_scaling": """
                {"rope_type": "llama3", "factor": 0, "low_freq_factor": 1, "high_freq_factor": 4,
                 "original_max_position_embeddings": 64}
                """
            ],
            "FILE: rope_scaling.factor is 0.0, expected a number that is positive and finite in single precision"),
        ConfigRefusal(
            [
                "rope_scaling": """
                {"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4,
                 "original_max_position_embeddings": 64}
                """
            ], "FILE: low_freq_factor is 4.0, expected less than high_freq_factor, 4.0"),
    ]

    @Test("The unchanged configuration is accepted")
    func accepted() throws {
        #expect(try configuration(ofConfig: ConfigMembers.llama.json).headSize == 8)
    }

    @Test(
        "A config.json that cannot be run is refused with a message that says why", arguments: unsupported + outOfRange)
    fileprivate func config(refusal: ConfigRefusal) throws {
        let directory = try TemporaryDirectory()
        let checkpoint = try openCheckpoint(
            config: ConfigMembers.llama.setting(refusal.changes).json, in: directory)
        let error = #expect(throws: TransformerError.self) { try TransformerConfiguration(of: checkpoint) }
        #expect(error?.description == refusal.message.replacing("FILE", with: "\(directory.path)/config.json"))
    }

    @Test("Errors are values")
    func equatable() throws {
        let directory = try TemporaryDirectory()
        let checkpoint = try openCheckpoint(
            config: ConfigMembers.llama.setting(["num_hidden_layers": "2000"]).json, in: directory)
        #expect(
            throws: TransformerError.settingOutOfRange(
                file: "\(directory.path)/config.json", key: "num_hidden_layers", found: 2000, allowed: 1...1024)
        ) {
            try TransformerConfiguration(of: checkpoint)
        }
    }

    @Test(
        "GGUF metadata that cannot be run is refused with a message that says why",
        arguments: [
            (
                "general.architecture", .string("gemma"),
                "FILE: architecture 'gemma' is not supported, only llama, qwen2, qwen3"
            ),
            (
                "llama.rope.scaling.type", .string("linear"),
                "FILE: llama.rope.scaling.type is 'linear', supported is 'none' or the tensor rope_freqs.weight"
            ),
            (
                "llama.rope.scaling.factor", .float32(4), "FILE: llama.rope.scaling.factor is 4.0, supported is 1"
            ),
            ("llama.rope.scale_linear", .float32(4), "FILE: llama.rope.scale_linear is 4.0, supported is 1"),
            ("llama.logit_scale", .float32(0.0625), "FILE: llama.logit_scale is 0.0625, supported is 1"),
            ("llama.residual_scale", .float32(0.25), "FILE: llama.residual_scale is 0.25, supported is 1"),
            ("llama.embedding_scale", .float32(12), "FILE: llama.embedding_scale is 12.0, supported is 1"),
            ("llama.attention.scale", .float32(0.5), "FILE: llama.attention.scale is 0.5, supported is 0"),
            (
                "llama.final_logit_softcapping", .float32(30),
                "FILE: llama.final_logit_softcapping is 30.0, supported is 0"
            ),
            (
                "llama.attention.sliding_window", .uint32(4096),
                "FILE: llama.attention.sliding_window is 4096, supported is 0"
            ),
            ("llama.expert_count", .uint32(8), "FILE: llama.expert_count is 8, supported is 0"),
            ("llama.attention.causal", .bool(false), "FILE: llama.attention.causal is false, supported is true"),
            ("general.quantization_version", .uint32(1), "FILE: general.quantization_version is 1, supported is 2"),
            (
                "llama.attention.value_length", .uint32(16),
                "FILE: llama.attention.value_length is 16, supported is llama.attention.key_length, 8"
            ),
            (
                "llama.rope.dimension_count", .uint32(4),
                "FILE: llama.rope.dimension_count is 4, supported is the head's size, 8"
            ),
            (
                "llama.block_count", .uint32(4_000_000_000),
                "FILE: llama.block_count is 4000000000, allowed are 1 to 1024"
            ),
            (
                "llama.attention.head_count", .int32(-6),
                "FILE: llama.attention.head_count is -6, allowed are 1 to 1024"
            ),
            (
                "llama.attention.layer_norm_rms_epsilon", .float32(.nan),
                "FILE: llama.attention.layer_norm_rms_epsilon is nan, expected a number that is positive and finite in "
                    + "single precision"
            ),
            (
                "llama.rope.freq_base", .float32(.infinity),
                "FILE: llama.rope.freq_base is inf, expected a number that is positive and finite in single precision"
            ),
            (
                "llama.context_length", .string("long"),
                "FILE: llama.context_length: expected an integer below 2^63, found string \"long\""
            ),
        ] as [(String, GGUFBuilder.Value, String)])
    func gguf(key: String, value: GGUFBuilder.Value, message: String) throws {
        var builder = GGUFBuilder()
        builder.metadata = [
            ("general.architecture", .string("llama")), ("llama.embedding_length", .uint32(48)),
            ("llama.feed_forward_length", .uint32(112)), ("llama.block_count", .uint32(3)),
            ("llama.attention.head_count", .uint32(6)), ("llama.attention.key_length", .uint32(8)),
            ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.context_length", .uint32(1024)),
            ("tokenizer.ggml.tokens", .strings(["a"])),
        ].filter { $0.0 != key }
        builder.set(key, value)
        let directory = try TemporaryDirectory()
        let path = try directory.write(builder.build(), to: "model.gguf")
        let checkpoint = try Checkpoint(path: FilePath(path))
        let error = #expect(throws: TransformerError.self) { try TransformerConfiguration(of: checkpoint) }
        #expect(error?.description == message.replacing("FILE", with: path))
    }
}
