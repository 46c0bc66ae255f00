import Checkpoints
import SystemPackage
import TestSupport
import Transformer

/// The members of a `config.json`, each value as JSON text.
struct ConfigMembers: Sendable {
    private(set) var members: [String: String]

    /// A model that is accepted.
    static let llama = ConfigMembers(members: [
        "model_type": "\"llama\"", "vocab_size": "512", "hidden_size": "48", "intermediate_size": "112",
        "num_hidden_layers": "3", "num_attention_heads": "6", "num_key_value_heads": "3", "head_dim": "8",
        "rms_norm_eps": "1e-05", "max_position_embeddings": "1024", "hidden_act": "\"silu\"",
        "attention_bias": "false", "mlp_bias": "false", "tie_word_embeddings": "true", "rope_theta": "500000.0",
        "rope_scaling": """
        {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 64}
        """,
    ])

    /// A copy with some members set to other values; nil takes one out.
    func setting(_ changes: [String: String?]) -> ConfigMembers {
        var copy = self
        for (key, value) in changes {
            copy.members[key] = value
        }
        return copy
    }

    var json: String {
        "{\(members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", "))}"
    }
}

/// Opens a Hugging Face directory with this `config.json`.
func openCheckpoint(
    config: String, tensors: [UInt8] = SafetensorsBuilder().build(), in directory: TemporaryDirectory
) throws -> Checkpoint {
    try directory.write(config, to: "config.json")
    try directory.write("{}", to: "tokenizer.json")
    try directory.write(tensors, to: "model.safetensors")
    return try Checkpoint(path: FilePath(directory.path))
}

/// What a directory with this `config.json` is configured to.
func configuration(ofConfig json: String) throws -> TransformerConfiguration {
    try TransformerConfiguration(of: openCheckpoint(config: json, in: TemporaryDirectory()))
}

/// What a file with this metadata is configured to.
func configuration(ofGGUF builder: GGUFBuilder) throws -> TransformerConfiguration {
    let directory = try TemporaryDirectory()
    let path = try directory.write(builder.build(), to: "model.gguf")
    return try TransformerConfiguration(of: Checkpoint(path: FilePath(path)))
}
