import JSON

/// A LoRA adapter of linear layers that is to be written, as PEFT saves one.
package struct LoRAAdapterSource {
    /// The two factors of one linear layer's update, `scale * B (A x)`.
    package struct Factors {
        /// The path of the layer in the base model, for example `model.layers.3.self_attn.q_proj`.
        package let module: String
        /// Channels that the layer reads.
        package let inputs: Int
        /// Channels that it writes.
        package let outputs: Int
        /// A, `[rank, inputs]`.
        package let first: TensorSource.NumberReader
        /// B, `[outputs, rank]`.
        package let second: TensorSource.NumberReader

        /// Factors that are read when their turn comes.
        package init(
            module: String, inputs: Int, outputs: Int, first: @escaping TensorSource.NumberReader,
            second: @escaping TensorSource.NumberReader
        ) {
            precondition(!module.isEmpty, "a layer without a path")
            self.module = module
            self.inputs = inputs
            self.outputs = outputs
            self.first = first
            self.second = second
        }
    }

    /// What `base_model_name_or_path` says: the base's name beside the adapter, or a repository.
    package let baseModelName: String
    /// The inner dimension of every update.
    package let rank: Int
    /// `rank` times what the product of the factors is multiplied by.
    package let alpha: Double
    /// The share of inputs that was left out in training; changes nothing after it.
    package let dropout: Double
    /// The decoder layers that are adapted; nil where all are.
    package let layers: [Int]?
    /// The updates.
    package let factors: [Factors]

    /// Takes all as they are.
    ///
    /// - Precondition: there is an update, no two are of one layer, and the rank is at least 1.
    package init(
        baseModelName: String, rank: Int, alpha: Double, dropout: Double = 0, layers: [Int]? = nil, factors: [Factors]
    ) {
        precondition(rank > 0 && alpha.isFinite, "rank \(rank), alpha \(alpha)")
        precondition(!factors.isEmpty, "an adapter of nothing")
        precondition(Set(factors.map(\.module)).count == factors.count, "two updates of one layer")
        self.baseModelName = baseModelName
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.layers = layers
        self.factors = factors
    }

    /// The last components of the layers' paths, as users write them: each is a target, and nothing else.
    package var targetModules: [String] {
        Set(factors.map { $0.module.split(separator: ".").last.map(String.init) ?? $0.module }).sorted()
    }

    /// `adapter_config.json` and `adapter_model.safetensors`.
    package func files(format: StoredNumber = .float32) -> [FileContents] {
        let tensors = factors.flatMap { factors in
            [
                TensorSource(
                    name: LoRAAdapter.tensorName(of: factors.module, isFirst: true), shape: [rank, factors.inputs],
                    format: format, numbers: factors.first),
                TensorSource(
                    name: LoRAAdapter.tensorName(of: factors.module, isFirst: false), shape: [factors.outputs, rank],
                    format: format, numbers: factors.second),
            ]
        }
        return [
            FileContents(name: LoRAAdapter.configName, bytes: configuration),
            SafetensorsWriter.file(named: LoRAAdapter.tensorsName, tensors),
        ]
    }

    /// The members that every release of PEFT of the last years knows. What later ones added has defaults that mean the same,
    /// and an older one would refuse it.
    private var configuration: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            let members: [(String, JSONValue)] = [
                ("alpha_pattern", .object([:])), ("auto_mapping", .null),
                ("base_model_name_or_path", .string(baseModelName)), ("bias", .string("none")),
                ("fan_in_fan_out", .bool(false)), ("inference_mode", .bool(true)), ("init_lora_weights", .bool(true)),
                ("layers_pattern", .null),
                ("layers_to_transform", layers.map { .array($0.map(JSONValue.integer)) } ?? .null),
                ("lora_alpha", Int(exactly: alpha).map(JSONValue.integer) ?? .number(alpha)),
                ("lora_dropout", .number(dropout)), ("modules_to_save", .null), ("peft_type", .string("LORA")),
                ("r", .integer(rank)), ("rank_pattern", .object([:])), ("revision", .null),
                ("target_modules", .array(targetModules.map(JSONValue.string))), ("task_type", .string("CAUSAL_LM")),
                ("use_dora", .bool(false)), ("use_rslora", .bool(false)),
            ]
            for (key, value) in members {
                writer.member(key, value)
            }
        }
        return writer.indented
    }
}
