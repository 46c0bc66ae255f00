import Checkpoints

/// The decoders that `Transformer` computes.
package enum Architecture: String, Sendable, CaseIterable {
    case llama
    case qwen2
    case qwen3
}

extension Architecture {
    /// The architecture that a checkpoint names.
    ///
    /// - Throws: `TransformerError.unsupportedArchitecture`, `.checkpoint`
    fileprivate init(of checkpoint: Checkpoint) throws(TransformerError) {
        let file: String
        let name: String
        do throws(CheckpointError) {
            switch checkpoint.source {
            case .huggingFace(let directory):
                file = directory.config.file
                name = try directory.config.string("model_type")
            case .gguf(let gguf):
                file = gguf.tensors.file.name
                name = try gguf.string("general.architecture")
            }
        } catch {
            throw .checkpoint(error)
        }
        guard let architecture = Architecture(rawValue: name) else {
            throw .unsupportedArchitecture(file: file, found: name)
        }
        self = architecture
    }
}

/// Which of attention's linear layers have a bias.
package enum AttentionBias: Sendable, Equatable {
    case none
    /// Queries, keys and values.
    case inputs
    /// Queries, keys, values and the output.
    case all
}

/// The shape of a decoder and the constants of its arithmetic.
package struct TransformerConfiguration: Sendable, Equatable {
    /// As the checkpoint names it.
    package let architecture: Architecture
    /// Rows of the embedding, which may be more than the tokenizer has tokens.
    package let vocabularySize: Int
    /// Channels of the residual stream and of a hidden state.
    package let hiddenSize: Int
    /// Channels of the gated feed-forward layer.
    package let feedForwardSize: Int
    /// Decoder layers, at least 1.
    package let layerCount: Int
    /// Query heads of a layer.
    package let headCount: Int
    /// Key and value heads of a layer; each serves `headCount / keyValueHeadCount` query heads.
    package let keyValueHeadCount: Int
    /// Channels of a head.
    package let headSize: Int
    /// Added to the mean square under the root of every norm; over 0.
    package let normEpsilon: Float
    /// Positions that the model was made for.
    package let contextLength: Int
    /// The base of the rotary frequencies before scaling; over 0.
    package let ropeTheta: Float
    /// How those frequencies are stretched.
    package let ropeScaling: RopeScaling
    /// Whether logits are products with the embedding.
    package let tiesHeadToEmbedding: Bool
    /// Whether queries, keys, values and the attention's output have biases.
    package let attentionBias: AttentionBias

    /// Reads `config.json` or the metadata of a GGUF file.
    ///
    /// - Throws: `TransformerError`, naming file, key and both values.
    package init(of checkpoint: Checkpoint) throws(TransformerError) {
        // First: what else an architecture that is not supported lacks, is not what its user needs to hear.
        let architecture = try Architecture(of: checkpoint)
        let settings: Settings
        do throws(CheckpointError) {
            switch checkpoint.source {
            case .huggingFace(let directory): settings = try Settings(huggingFace: directory.config)
            case .gguf(let file): settings = try Settings(gguf: file)
            }
        } catch {
            throw .checkpoint(error)
        }
        try self.init(architecture, settings)
    }

    private init(_ architecture: Architecture, _ settings: Settings) throws(TransformerError) {
        let file = settings.file
        if let setting = settings.unsupported.first {
            throw .unsupportedSetting(file: file, key: setting.key, found: setting.found, supported: setting.supported)
        }
        // Bounds far above any model, so that products of sizes cannot overflow.
        func bounded(_ setting: Setting<Int>, to limit: Int) throws(TransformerError) -> Int {
            guard (1...limit).contains(setting.value) else {
                throw .settingOutOfRange(file: file, key: setting.key, found: setting.value, allowed: 1...limit)
            }
            return setting.value
        }
        func positive(_ setting: Setting<Double>) throws(TransformerError) -> Float {
            // As it is computed with: a number may be too small for it, or too large.
            let value = Float(setting.value)
            guard value > 0, value.isFinite else {
                throw .settingNotPositive(file: file, key: setting.key, found: setting.value)
            }
            return value
        }
        func divisible(_ setting: Setting<Int>, by divisor: Setting<Int>) throws(TransformerError) {
            guard setting.value % divisor.value == 0 else {
                throw .settingNotDivisible(
                    file: file, key: setting.key, found: setting.value, by: divisor.key, divisor: divisor.value)
            }
        }
        self.architecture = architecture
        vocabularySize = try bounded(settings.vocabularySize, to: 1 << 24)
        hiddenSize = try bounded(settings.hiddenSize, to: 1 << 16)
        feedForwardSize = try bounded(settings.feedForwardSize, to: 1 << 20)
        layerCount = try bounded(settings.layerCount, to: 1 << 10)
        headCount = try bounded(settings.headCount, to: 1 << 10)
        keyValueHeadCount = try bounded(settings.keyValueHeadCount, to: headCount)
        contextLength = try bounded(settings.contextLength, to: 1 << 24)
        try divisible(settings.headCount, by: settings.keyValueHeadCount)
        if let size = settings.headSize {
            headSize = try bounded(size, to: 1 << 12)
            try divisible(size, by: Setting(key: "the halves of a rotated head", value: 2))
        } else {
            try divisible(settings.hiddenSize, by: settings.headCount)
            headSize = hiddenSize / headCount
            try divisible(
                Setting(key: "\(settings.hiddenSize.key) / \(settings.headCount.key)", value: headSize),
                by: Setting(key: "the halves of a rotated head", value: 2))
        }
        normEpsilon = try positive(settings.normEpsilon)
        ropeTheta = try positive(settings.ropeTheta)
        for number in settings.ropeScalingNumbers {
            _ = try positive(number)
        }
        if case .llama3(_, let low, let high, _) = settings.ropeScaling, low >= high {
            throw .settingNotBelow(
                file: file, key: "low_freq_factor", found: Double(low), other: "high_freq_factor", limit: Double(high))
        }
        ropeScaling = settings.ropeScaling
        tiesHeadToEmbedding = settings.tiesHeadToEmbedding
        attentionBias = architecture == .qwen2 ? .inputs : settings.attentionBias
    }
}

/// A value and the key that it was read from, for messages.
struct Setting<Value: Sendable>: Sendable {
    let key: String
    let value: Value
}

/// What a checkpoint says of its shape, as it is written there.
struct Settings {
    let file: String
    let vocabularySize: Setting<Int>
    let hiddenSize: Setting<Int>
    let feedForwardSize: Setting<Int>
    let layerCount: Setting<Int>
    let headCount: Setting<Int>
    let keyValueHeadCount: Setting<Int>
    /// Where the file leaves it out, `hiddenSize / headCount`.
    let headSize: Setting<Int>?
    let normEpsilon: Setting<Double>
    let contextLength: Setting<Int>
    let ropeTheta: Setting<Double>
    let ropeScaling: RopeScaling
    /// The numbers in `ropeScaling`.
    let ropeScalingNumbers: [Setting<Double>]
    let tiesHeadToEmbedding: Bool
    /// Only of architectures that leave it open; Qwen2 has its biases always.
    let attentionBias: AttentionBias
    /// Settings that ask for what is not implemented.
    let unsupported: [UnsupportedSetting]
}
