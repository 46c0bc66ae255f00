import Checkpoints

/// A setting that asks for another computation, what it is, and what it may be.
typealias UnsupportedSetting = (key: String, found: String, supported: String)

// What a file says beyond the shape of a decoder is ignored where it changes nothing that is computed here: dropout, dtypes,
// token ids. What changes it is refused, even where its architecture is not known for it: whoever wrote it meant it.

extension JSONDocument {
    /// The settings of a `config.json` that change the computation in ways that are not implemented.
    func unsupportedSettings(layerCount: Int) throws(CheckpointError) -> [UnsupportedSetting] {
        var unsupported: [UnsupportedSetting] = []
        let activation = try string("hidden_act")
        if activation != "silu" {
            unsupported.append(("hidden_act", "'\(activation)'", "'silu'"))
        }
        let switches = [
            ("use_sliding_window", false), ("mlp_bias", false), ("is_causal", true),
            ("use_bidirectional_attention", false),
        ]
        for (key, supported) in switches {
            if let found = try boolIfPresent(key), found != supported {
                unsupported.append((key, "\(found)", "\(supported)"))
            }
        }
        let factors = [
            "partial_rotary_factor", "embedding_multiplier", "residual_multiplier", "logits_scaling",
        ]
        for key in factors {
            if let found = try numberIfPresent(key), found != 1 { unsupported.append((key, "\(found)", "1")) }
        }
        let absent = [
            "attention_multiplier", "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping",
            "clip_qkv", "quantization_config",
        ]
        for key in absent {
            if let found = summaryIfPresent(key) { unsupported.append((key, found, "none")) }
        }
        return try unsupported + unsupportedLayers(count: layerCount)
    }

    /// Layers that attend to a window, among those that `layer_types` lists.
    private func unsupportedLayers(count: Int) throws(CheckpointError) -> [UnsupportedSetting] {
        guard let types = try stringsIfPresent("layer_types") else { return [] }
        guard types.count == count else {
            return [("the length of layer_types", "\(types.count)", "num_hidden_layers, \(count)")]
        }
        guard let layer = types.firstIndex(where: { $0 != "full_attention" }) else { return [] }
        return [("layer_types[\(layer)]", "'\(types[layer])'", "'full_attention'")]
    }
}

extension GGUFFile {
    /// The metadata that changes the computation in ways that are not implemented, apart from sizes that disagree.
    func unsupportedSettings(architecture: String) throws(CheckpointError) -> [UnsupportedSetting] {
        var unsupported: [UnsupportedSetting] = []
        let scalingType = try stringIfPresent("\(architecture).rope.scaling.type")
        if let scalingType, scalingType != "none" {
            let supported = "'none' or the tensor rope_freqs.weight"
            unsupported.append(("\(architecture).rope.scaling.type", "'\(scalingType)'", supported))
        }
        // Where there is no type, a factor asks for linear scaling; 0 stands for none.
        let factors = scalingType == nil ? ["rope.scaling.factor", "rope.scale_linear"] : []
        for suffix in factors + ["logit_scale", "residual_scale", "embedding_scale"] {
            let key = "\(architecture).\(suffix)"
            if let found = try numberIfPresent(key), found != 0, found != 1 {
                unsupported.append((key, "\(found)", "1"))
            }
        }
        let zero = [
            "attention.scale", "attention.clamp_kqv", "attention.max_alibi_bias", "attn_logit_softcapping",
            "final_logit_softcapping",
        ]
        for suffix in zero {
            let key = "\(architecture).\(suffix)"
            if let found = try numberIfPresent(key), found != 0 { unsupported.append((key, "\(found)", "0")) }
        }
        for suffix in ["attention.sliding_window", "expert_count"] {
            let key = "\(architecture).\(suffix)"
            if let found = try integerIfPresent(key), found != 0 { unsupported.append((key, "\(found)", "0")) }
        }
        let causal = "\(architecture).attention.causal"
        if try boolIfPresent(causal) == false { unsupported.append((causal, "false", "true")) }
        // The blocks of earlier versions have other layouts.
        let version = "general.quantization_version"
        if let found = try integerIfPresent(version), found != 2 { unsupported.append((version, "\(found)", "2")) }
        return unsupported
    }
}
