import SystemPackage

/// A LoRA adapter in the layout that PEFT saves: what was trained beside a base model, without the base.
package struct LoRAAdapter: Sendable {
    /// The two factors of one linear layer's update, `scale * B (A x)`.
    package struct Factors: Sendable {
        /// A, `[rank, inputs]`.
        package let first: TensorDescription
        /// B, `[outputs, rank]`.
        package let second: TensorDescription
    }

    /// The directory, as the caller gave it.
    package let path: FilePath
    /// `adapter_config.json`.
    package let configuration: LoRAConfiguration
    /// `adapter_model.safetensors`.
    package let tensors: TensorFile
    /// The factors by the path of the linear layer in the base model, for example `model.layers.3.self_attn.q_proj`.
    package let modules: [String: Factors]
    private let document: RegularFile
    /// The digests of the two files, of the bytes that were read here, in the order of their names.
    package let digests: [FileDigest]

    /// That of the weights.
    package let weightsDigest: SHA256Digest

    /// The names of the files.
    static let configName = "adapter_config.json"
    static let tensorsName = "adapter_model.safetensors"

    /// Opens a directory with `adapter_config.json` and `adapter_model.safetensors`.
    ///
    /// Reads every byte once for the digests. Shapes and values are the base's affair: see `Transformer.adapted(by:)`.
    /// - Throws: what is wrong with the first file that is; among that `unsupportedSetting`, `unknownAdapterTensor`,
    ///   `untargetedModule` and `unusedTarget`.
    package init(path: FilePath) throws(CheckpointError) {
        let configFile = path.appending(Self.configName)
        document = try RegularFile(path: configFile)
        let config = try document.bytes()
        configuration = try LoRAConfiguration(JSONDocument(parsing: config, file: configFile.string))
        tensors = try SafetensorsFile(path: path.appending(Self.tensorsName)).tensors
        modules = try Self.modules(of: tensors)
        let weights = try FileDigest(of: tensors.file)
        weightsDigest = weights.sha256
        digests = [FileDigest(fileName: Self.configName, sha256: try SHA256Digest(of: config)), weights]
        self.path = path
        try checkTargets(configFile: configFile.string)
    }

    /// Checks that neither file was written to since it was opened; see ``Checkpoint/checkUnchanged()``.
    ///
    /// - Throws: `changedWhileRead`, `io`.
    package func checkUnchanged() throws(CheckpointError) {
        try document.checkUnchanged()
        try tensors.file.checkUnchanged()
    }

    /// The path of the file that the tensors are in, for messages.
    package var tensorsFile: String { path.appending(Self.tensorsName).string }

    /// Whether a directory is an adapter's rather than a model's.
    ///
    /// - Throws: `io`.
    package static func isAdapter(path: FilePath) throws(CheckpointError) -> Bool {
        try FileKind(path: path.appending(configName)) != nil
    }

    // MARK: - Tensors

    /// What PEFT puts before the path of a layer.
    private static let namePrefix = "base_model.model."

    /// The name of a layer's A or B.
    package static func tensorName(of module: String, isFirst: Bool) -> String {
        "\(namePrefix)\(module).\(isFirst ? "lora_A" : "lora_B").weight"
    }

    private static func modules(of tensors: TensorFile) throws(CheckpointError) -> [String: Factors] {
        var paths: Set<String> = []
        for name in tensors.tensors.keys.sorted() {
            guard let module = module(ofTensor: name) else {
                throw .unknownAdapterTensor(file: tensors.file.name, tensor: name)
            }
            paths.insert(module)
        }
        var modules: [String: Factors] = [:]
        for path in paths.sorted() {
            modules[path] = Factors(
                first: try tensors.description(of: tensorName(of: path, isFirst: true)),
                second: try tensors.description(of: tensorName(of: path, isFirst: false)))
        }
        return modules
    }

    /// The path of the layer that a tensor of an adapter belongs to; nil of what is none.
    package static func module(ofTensor name: String) -> String? {
        for suffix in [".lora_A.weight", ".lora_B.weight"] where name.hasPrefix(namePrefix) && name.hasSuffix(suffix) {
            let module = name.dropFirst(namePrefix.count).dropLast(suffix.count)
            return module.isEmpty ? nil : String(module)
        }
        return nil
    }

    /// What is named must be there, and what is there must be named.
    private func checkTargets(configFile: String) throws(CheckpointError) {
        guard case .named(let names) = configuration.targets else { return }
        let paths = modules.keys.sorted()
        for path in paths
        where !LoRAConfiguration.includes(names, path) || LoRAConfiguration.includes(configuration.excluded, path) {
            throw .untargetedModule(
                file: tensorsFile, tensor: Self.tensorName(of: path, isFirst: true), targets: names)
        }
        for name in names where !paths.contains(where: { LoRAConfiguration.includes([name], $0) }) {
            throw .unusedTarget(file: configFile, target: name, tensorsFile: tensorsFile)
        }
    }
}
