import Checkpoints

extension Settings {
    /// Reads the metadata of a GGUF file; `*` in the specification's keys is the architecture's name.
    init(gguf: GGUFFile) throws(CheckpointError) {
        let architecture = try gguf.string("general.architecture")
        func key(_ suffix: String) -> String { "\(architecture).\(suffix)" }
        func integer(_ suffix: String) throws(CheckpointError) -> Setting<Int> {
            Setting(key: key(suffix), value: try gguf.integer(key(suffix)))
        }
        func integerIfPresent(_ suffix: String) throws(CheckpointError) -> Setting<Int>? {
            try gguf.integerIfPresent(key(suffix)).map { Setting(key: key(suffix), value: $0) }
        }
        file = gguf.tensors.file.name
        let tokens = Setting(
            key: "the length of tokenizer.ggml.tokens", value: try gguf.strings("tokenizer.ggml.tokens").count)
        vocabularySize = try integerIfPresent("vocab_size") ?? tokens
        hiddenSize = try integer("embedding_length")
        feedForwardSize = try integer("feed_forward_length")
        layerCount = try integer("block_count")
        headCount = try integer("attention.head_count")
        keyValueHeadCount =
            try integerIfPresent("attention.head_count_kv")
            ?? Setting(key: key("attention.head_count_kv"), value: headCount.value)
        headSize = try integerIfPresent("attention.key_length")
        normEpsilon = Setting(
            key: key("attention.layer_norm_rms_epsilon"),
            value: try gguf.number(key("attention.layer_norm_rms_epsilon")))
        contextLength = try integer("context_length")
        // The specification's default where the file gives none.
        ropeTheta = Setting(
            key: key("rope.freq_base"), value: try gguf.numberIfPresent(key("rope.freq_base")) ?? 10_000)
        // llama3 scaling is a tensor, not metadata: see `WeightReader.rotary`.
        ropeScaling = .none
        ropeScalingNumbers = []
        tiesHeadToEmbedding = gguf.tensors.tensors[TensorName.head.name(.weight, in: .gguf)] == nil
        func hasBias(_ tensor: TensorName.LayerTensor) -> Bool {
            gguf.tensors.tensors[TensorName.layer(0, tensor).name(.bias, in: .gguf)] != nil
        }
        // The metadata does not tell; a file that has some of the biases and lacks others is refused as it is read.
        attentionBias =
            hasBias(.attentionOutput) ? .all : hasBias(.query) || hasBias(.key) || hasBias(.value) ? .inputs : .none

        var unsupported = try gguf.unsupportedSettings(architecture: architecture)
        if let headSize, let valueSize = try integerIfPresent("attention.value_length"),
            valueSize.value != headSize.value
        {
            unsupported.append((valueSize.key, "\(valueSize.value)", "\(headSize.key), \(headSize.value)"))
        }
        if let rotated = try integerIfPresent("rope.dimension_count"), headCount.value > 0 {
            let size = headSize?.value ?? hiddenSize.value / headCount.value
            if rotated.value != size {
                unsupported.append((rotated.key, "\(rotated.value)", "the head's size, \(size)"))
            }
        }
        self.unsupported = unsupported
    }
}
