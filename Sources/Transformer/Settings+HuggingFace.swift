import Checkpoints

extension Settings {
    /// Reads `config.json`, in the spelling of released checkpoints (`rope_theta`, `rope_scaling`) and in the newer one
    /// (`rope_parameters`).
    init(huggingFace config: JSONDocument) throws(CheckpointError) {
        func integer(_ key: String) throws(CheckpointError) -> Setting<Int> {
            Setting(key: key, value: try config.integer(key))
        }
        file = config.file
        vocabularySize = try integer("vocab_size")
        hiddenSize = try integer("hidden_size")
        feedForwardSize = try integer("intermediate_size")
        layerCount = try integer("num_hidden_layers")
        headCount = try integer("num_attention_heads")
        // transformers' default: as many key-value heads as heads.
        keyValueHeadCount = Setting(
            key: "num_key_value_heads", value: try config.integerIfPresent("num_key_value_heads") ?? headCount.value)
        headSize = try config.integerIfPresent("head_dim").map { Setting(key: "head_dim", value: $0) }
        normEpsilon = Setting(key: "rms_norm_eps", value: try config.number("rms_norm_eps"))
        contextLength = try integer("max_position_embeddings")
        // transformers' defaults.
        tiesHeadToEmbedding = try config.boolIfPresent("tie_word_embeddings") ?? false
        attentionBias = try config.boolIfPresent("attention_bias") == true ? .all : .none

        let rope = try Rope(config)
        ropeTheta = rope.theta
        ropeScaling = rope.scaling
        ropeScalingNumbers = rope.scalingNumbers
        unsupported = try rope.unsupported + Self.unsupportedSwitches(of: config)
    }

    private static func unsupportedSwitches(
        of config: JSONDocument
    ) throws(CheckpointError) -> [(key: String, found: String, supported: String)] {
        var unsupported: [(key: String, found: String, supported: String)] = []
        let activation = try config.string("hidden_act")
        if activation != "silu" {
            unsupported.append(("hidden_act", "'\(activation)'", "'silu'"))
        }
        for key in ["use_sliding_window", "mlp_bias"] where try config.boolIfPresent(key) == true {
            unsupported.append((key, "true", "false"))
        }
        return unsupported
    }
}

/// The rotary part of `config.json`.
private struct Rope {
    let theta: Setting<Double>
    var scaling = RopeScaling.none
    var scalingNumbers: [Setting<Double>] = []
    var unsupported: [(key: String, found: String, supported: String)] = []

    init(_ config: JSONDocument) throws(CheckpointError) {
        let newer = try config.objectIfPresent("rope_parameters")
        // transformers' default where neither spelling gives one.
        let newerTheta = try newer?.numberIfPresent("rope_theta")
        let olderTheta = try config.numberIfPresent("rope_theta")
        theta = Setting(key: "rope_theta", value: newerTheta ?? olderTheta ?? 10_000)
        let older = try config.objectIfPresent("rope_scaling")
        guard let document = newer ?? older else { return }
        let newerType = try document.stringIfPresent("rope_type")
        let type = if let newerType { newerType } else { try document.string("type") }
        let place = newer == nil ? "rope_scaling" : "rope_parameters"
        switch type {
        case "default": break
        case "llama3":
            func number(_ key: String) throws(CheckpointError) -> Float {
                let value = try document.number(key)
                scalingNumbers.append(Setting(key: "\(place).\(key)", value: value))
                return Float(value)
            }
            scaling = .llama3(
                factor: try number("factor"), lowFrequencyFactor: try number("low_freq_factor"),
                highFrequencyFactor: try number("high_freq_factor"),
                originalContextLength: try number("original_max_position_embeddings"))
        default:
            unsupported.append(("\(place).rope_type", "'\(type)'", "'default' or 'llama3'"))
        }
    }
}
