import JSON

/// What an `adapter_config.json` of PEFT says of a LoRA adapter: rank, scale, and which linear layers it is for.
package struct LoRAConfiguration: Sendable, Equatable {
    /// Which linear layers an adapter is for.
    package enum Targets: Sendable, Equatable {
        /// Those whose path is, or ends in, one of these names.
        case named([String])
        /// Those that there are tensors of: PEFT was given nothing, `all-linear` or a regular expression.
        case undeclared
    }

    /// The base model as it is written in `base_model_name_or_path`: a name, a repository or a path; nil if it is not said.
    package let baseModelName: String?
    /// The inner dimension of every update, at least 1.
    package let rank: Int
    /// What the product of the two matrices is multiplied by: `lora_alpha / r`, for rsLoRA `lora_alpha / sqrt(r)`.
    package let scale: Float
    /// `target_modules`, without what `exclude_modules` takes from it.
    package let targets: Targets
    /// Names as in `Targets.named`, of layers that are left as they are.
    package let excluded: [String]
    /// `layers_to_transform`: the decoder layers that are adapted; nil where all are.
    package let layers: [Int]?

    /// The largest rank that is read: beyond any model's channels.
    private static let rankLimit = 1 << 16

    /// Reads the document.
    ///
    /// - Throws: `unsupportedSetting` for what changes the computation in a way that is not implemented, and whatever is wrong
    ///   with a value.
    package init(_ document: JSONDocument) throws(CheckpointError) {
        try Self.checkIsPlain(document)
        baseModelName = try document.stringIfPresent("base_model_name_or_path")
        rank = try document.integer("r")
        guard (1...Self.rankLimit).contains(rank) else {
            throw document.wrongType("r", "an integer from 1 to \(Self.rankLimit)", .integer(rank))
        }
        let alpha = try document.number("lora_alpha")
        let isStabilised = try document.boolIfPresent("use_rslora") ?? false
        scale = Float(alpha / (isStabilised ? Double(rank).squareRoot() : Double(rank)))
        guard scale.isFinite else {
            throw document.wrongType("lora_alpha", "a number that is finite in single precision", .number(alpha))
        }
        targets = try Self.targets(of: document)
        excluded = try document.stringsIfPresent("exclude_modules") ?? []
        let layers = try document.integersIfPresent("layers_to_transform")
        self.layers = layers?.isEmpty == true ? nil : layers
    }

    /// Whether a linear layer is adapted; nil where the tensors decide.
    ///
    /// - Parameters:
    ///   - module: its path in the base model, for example `model.layers.3.self_attn.q_proj`.
    ///   - layer: the decoder layer that it belongs to.
    package func adapts(_ module: String, layer: Int) -> Bool? {
        guard case .named(let names) = targets else { return nil }
        return Self.includes(names, module) && !Self.includes(excluded, module) && layers?.contains(layer) ?? true
    }

    /// Whether one of `names` is the module's path, or its end.
    static func includes(_ names: [String], _ module: String) -> Bool {
        names.contains { module == $0 || module.hasSuffix(".\($0)") }
    }

    private static func targets(of document: JSONDocument) throws(CheckpointError) -> Targets {
        // A string is `all-linear` or a regular expression of Python's.
        if case .string = document.valueIfPresent("target_modules") { return .undeclared }
        guard let names = try document.stringsIfPresent("target_modules") else { return .undeclared }
        return .named(names)
    }
}

// MARK: - What is not implemented

extension LoRAConfiguration {
    /// Keys whose values change nothing after training, or are read elsewhere in this file. Any other that is switched on, in
    /// whatever release of PEFT it came, is refused: it may change the computation.
    private static let harmlessKeys: Set<String> = [
        "auto_mapping", "ensure_weight_tying", "eva_config", "exclude_modules", "inference_mode", "init_lora_weights",
        "layers_to_transform", "target_modules", "use_rslora",
    ]

    /// How matrices may have been drawn; the others (`pissa`, `olora`, `loftq`, …) also take from the base's weights.
    private static let plainInitializations = ["gaussian", "eva", "orthogonal"]

    private static func checkIsPlain(_ document: JSONDocument) throws(CheckpointError) {
        try check(document, "peft_type", is: ["LORA"], orAbsent: false)
        try check(document, "task_type", is: ["CAUSAL_LM"])
        try check(document, "bias", is: ["none"])
        // A name of the list of layers, which `layers_to_transform` then counts in.
        try check(document, "layers_pattern", is: ["layers"])
        try check(document, "alora_invocation_string", is: [])
        if case .string = document.valueIfPresent("init_lora_weights") {
            try check(document, "init_lora_weights", is: plainInitializations)
        }
        for key in document.members.keys.sorted() where !harmlessKeys.contains(key) {
            guard let value = document.valueIfPresent(key), value.isSwitchedOn, key != "layers_pattern" else {
                continue
            }
            throw .unsupportedSetting(
                file: document.file, key: key, found: value.summary, supported: "null, false or empty")
        }
    }

    private static func check(
        _ document: JSONDocument, _ key: String, is supported: [String], orAbsent: Bool = true
    ) throws(CheckpointError) {
        guard let value = document.valueIfPresent(key) else {
            if orAbsent { return }
            throw document.missingKey(key)
        }
        let found =
            switch value {
            case .string(let found): [found]
            default: try document.stringsIfPresent(key) ?? []
            }
        guard found.allSatisfy(supported.contains) else {
            let names = supported.map { "'\($0)'" } + (orAbsent ? ["null"] : [])
            throw .unsupportedSetting(
                file: document.file, key: key, found: value.summary, supported: names.joined(separator: " or "))
        }
    }
}

extension JSONValue {
    /// Whether the value is more than null, false or empty. Numbers and strings only say how what is switched on elsewhere.
    fileprivate var isSwitchedOn: Bool {
        switch self {
        case .null, .integer, .number, .string: false
        case .bool(let value): value
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }
}
