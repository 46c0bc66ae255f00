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
        // transformers' default: Qwen3's heads have their size, those of the others divide the hidden state.
        let defaultHeadSize = try config.string("model_type") == Architecture.qwen3.rawValue ? 128 : nil
        headSize = (try config.integerIfPresent("head_dim") ?? defaultHeadSize).map {
            Setting(key: "head_dim", value: $0)
        }
        normEpsilon = Setting(key: "rms_norm_eps", value: try config.number("rms_norm_eps"))
        contextLength = try integer("max_position_embeddings")
        // transformers' defaults.
        tiesHeadToEmbedding = try config.boolIfPresent("tie_word_embeddings") ?? false
        attentionBias = try config.boolIfPresent("attention_bias") == true ? .all : .none

        let rope = try Rope(config)
        ropeTheta = rope.theta
        ropeScaling = rope.scaling
        ropeScalingNumbers = rope.scalingNumbers
        unsupported = try rope.unsupported + config.unsupportedSettings(layerCount: layerCount.value)
    }
}

/// The rotary part of `config.json`.
private struct Rope {
    let theta: Setting<Double>
    let scaling: RopeScaling
    let scalingNumbers: [Setting<Double>]
    let unsupported: [UnsupportedSetting]

    /// Where a file is written in both spellings, versions of transformers differ in which of them counts: both must say the
    /// same.
    init(_ config: JSONDocument) throws(CheckpointError) {
        let newer = try config.objectIfPresent("rope_parameters")
        let older = try config.objectIfPresent("rope_scaling")
        let newerTheta = try newer?.numberIfPresent("rope_theta")
        let olderTheta = try config.numberIfPresent("rope_theta")
        // transformers' default where neither spelling gives one.
        theta = Setting(key: "rope_theta", value: newerTheta ?? olderTheta ?? 10_000)
        let newerScaling = try newer.map { (document) throws(CheckpointError) in
            try ScalingSettings(document, place: "rope_parameters")
        }
        let olderScaling = try older.map { (document) throws(CheckpointError) in
            try ScalingSettings(document, place: "rope_scaling")
        }
        let chosen = newerScaling ?? olderScaling
        scaling = chosen?.scaling ?? .none
        scalingNumbers = chosen?.numbers ?? []

        var unsupported = (newerScaling?.unsupported ?? []) + (olderScaling?.unsupported ?? [])
        if let newerTheta, let olderTheta, newerTheta != olderTheta {
            unsupported.append(("rope_theta", "\(olderTheta)", "rope_parameters.rope_theta, \(newerTheta)"))
        }
        if let newerScaling, let olderScaling, newerScaling.scaling != olderScaling.scaling {
            unsupported.append(
                ("rope_scaling", "\(olderScaling.scaling)", "that of rope_parameters, \(newerScaling.scaling)"))
        }
        self.unsupported = unsupported
    }
}

/// `rope_scaling` or `rope_parameters`.
private struct ScalingSettings {
    var scaling = RopeScaling.none
    var numbers: [Setting<Double>] = []
    var unsupported: [UnsupportedSetting] = []

    init(_ document: JSONDocument, place: String) throws(CheckpointError) {
        let newerType = try document.stringIfPresent("rope_type")
        let type = if let newerType { newerType } else { try document.string("type") }
        switch type {
        case "default": break
        case "llama3":
            func number(_ key: String) throws(CheckpointError) -> Float {
                let value = try document.number(key)
                numbers.append(Setting(key: "\(place).\(key)", value: value))
                return Float(value)
            }
            scaling = .llama3(
                factor: try number("factor"), lowFrequencyFactor: try number("low_freq_factor"),
                highFrequencyFactor: try number("high_freq_factor"),
                originalContextLength: try number("original_max_position_embeddings"))
        default:
            unsupported.append(("\(place).rope_type", "'\(type)'", "'default' or 'llama3'"))
        }
        if let share = try document.numberIfPresent("partial_rotary_factor"), share != 1 {
            unsupported.append(("\(place).partial_rotary_factor", "\(share)", "1"))
        }
    }
}
