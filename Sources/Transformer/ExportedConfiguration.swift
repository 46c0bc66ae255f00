import Checkpoints
import JSON
import Tensors

extension ExportedWeights {
    /// `config.json` of a model of this shape, in the spelling that every release of transformers reads.
    ///
    /// - Parameters:
    ///   - format: how its weights are stored.
    ///   - tokens: `bos_token_id` and the like.
    /// - Throws: `unsupportedSetting` for what the layout has no word for.
    package func configuration(
        format: StoredNumber, tokens: [(key: String, id: Int?)]
    ) throws(TransformerError) -> [UInt8] {
        let c = reader.configuration
        let scaling = try ropeScaling()
        let hasSharedBias = c.architecture != .qwen2 && c.attentionBias == .inputs
        guard !hasSharedBias, !(c.architecture == .qwen2 && c.attentionBias != .inputs) else {
            throw .unsupportedSetting(
                file: reader.checkpoint.tensors.name, key: "the biases of \(c.architecture.rawValue)'s attention",
                found: "\(c.attentionBias)", supported: "all or none")
        }
        var writer = JSONWriter(reserving: 2048)
        writer.object { writer in
            writer.member("architectures", .array([.string(c.architecture.modelClass)]))
            writer.member("attention_bias", c.attentionBias == .all)
            writer.member("attention_dropout", .number(0))
            for (key, id) in tokens { writer.member(key, id) }
            writer.member("head_dim", c.headSize)
            writer.member("hidden_act", "silu")
            writer.member("hidden_size", c.hiddenSize)
            writer.member("initializer_range", .number(0.02))
            writer.member("intermediate_size", c.feedForwardSize)
            writer.member("max_position_embeddings", c.contextLength)
            writer.member("mlp_bias", false)
            writer.member("model_type", c.architecture.rawValue)
            writer.member("num_attention_heads", c.headCount)
            writer.member("num_hidden_layers", c.layerCount)
            writer.member("num_key_value_heads", c.keyValueHeadCount)
            // As short as reads back to the same float32: 1e-05, not 9.999999747378752e-06.
            writer.member("rms_norm_eps", c.normEpsilon)
            writer.member("rope_theta", c.ropeTheta)
            writer.member("rope_scaling", scaling.json)
            writer.member("tie_word_embeddings", c.tiesHeadToEmbedding)
            writer.member("torch_dtype", "\(format)")
            writer.member("use_cache", true)
            writer.member("vocab_size", c.vocabularySize)
        }
        return writer.indented
    }

    /// The scaling of the rotary frequencies: GGUF stores what it makes of them, a configuration its parameters.
    ///
    /// - Throws: `unsupportedSetting` for divisors that are not those of Llama 3.
    func ropeScaling() throws(TransformerError) -> RopeScaling {
        let unscaled = Rotary(headSize: reader.configuration.headSize, theta: reader.configuration.ropeTheta)
            .inverseFrequencies
        let scaled = try reader.rotary().inverseFrequencies
        let factor = zip(unscaled, scaled).map { $0 / $1 }.max() ?? 1
        // All that Llama 3 was published with: what differs is the factor, and in offshoots the length, a power of two. Where
        // two lengths divide alike either will do.
        let lengths = [8192] + (4...20).map { Float(1 << $0) }
        let candidates =
            [reader.configuration.ropeScaling]
            + lengths.map { length in
                .llama3(
                    factor: factor.rounded(), lowFrequencyFactor: 1, highFrequencyFactor: 4,
                    originalContextLength: length)
            }
        for candidate in candidates
        where zip(candidate.scale(unscaled), scaled).allSatisfy({ abs($0 - $1) <= 1e-5 * abs($1) }) {
            return candidate
        }
        throw .unsupportedSetting(
            file: reader.checkpoint.tensors.name, key: TensorName.ggufRopeFactors,
            found: "divisors up to \(factor.rounded())", supported: "those of Llama 3")
    }
}

extension Architecture {
    /// What transformers calls the decoder.
    fileprivate var modelClass: String {
        switch self {
        case .llama: "LlamaForCausalLM"
        case .qwen2: "Qwen2ForCausalLM"
        case .qwen3: "Qwen3ForCausalLM"
        }
    }
}

extension RopeScaling {
    /// `rope_scaling`
    fileprivate var json: JSONValue {
        switch self {
        case .none: .null
        case .llama3(let factor, let low, let high, let original):
            .object([
                "rope_type": .string("llama3"), "factor": .number(Double(factor)),
                "low_freq_factor": .number(Double(low)), "high_freq_factor": .number(Double(high)),
                "original_max_position_embeddings": .integer(Int(original)),
            ])
        }
    }
}
