import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing

/// An adapter of two linear layers of a model with two decoder layers.
private let someAdapter: LoRABuilder = {
    var builder = LoRABuilder()
    for layer in 0..<2 {
        builder.addFactors(
            "model.layers.\(layer).self_attn.q_proj", rank: 4, inputs: 3, outputs: 2,
            [Float](repeating: 1, count: 12), [Float](repeating: 2, count: 8))
    }
    return builder
}()

private func open(_ builder: LoRABuilder) throws -> LoRAAdapter {
    let directory = try TemporaryDirectory()
    try builder.write(to: directory)
    return try LoRAAdapter(path: FilePath(directory.path))
}

@Suite("LoRA adapters")
struct LoRAAdapterTests {
    @Test("An adapter gives its base, its rank, its factors by layer, and the digests of its files")
    func adapter() throws {
        let directory = try TemporaryDirectory()
        try someAdapter.write(to: directory)
        #expect(try LoRAAdapter.isAdapter(path: FilePath(directory.path)))
        let adapter = try LoRAAdapter(path: FilePath(directory.path))
        #expect(adapter.configuration.baseModelName == "some/base")
        #expect(adapter.configuration.rank == 4)
        #expect(adapter.configuration.scale == 2)
        #expect(adapter.configuration.targets == .named(["q_proj"]))
        #expect(adapter.modules.keys.sorted() == (0..<2).map { "model.layers.\($0).self_attn.q_proj" })
        let factors = try #require(adapter.modules["model.layers.1.self_attn.q_proj"])
        #expect(factors.first.name == "base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight")
        #expect(factors.first.shape == [4, 3] && factors.second.shape == [2, 4])
        #expect(adapter.digests.map(\.fileName) == ["adapter_config.json", "adapter_model.safetensors"])
        #expect(adapter.digests[0].sha256 == (try SHA256Digest(of: [UInt8](someAdapter.configJSON.utf8))))
        #expect(adapter.digests[1].sha256 == (try SHA256Digest(of: someAdapter.tensors.build())))
        #expect(try !LoRAAdapter.isAdapter(path: FilePath(directory.makeDirectory("model"))))
    }

    @Test(
        "The scale is alpha over the rank, for rsLoRA over its root",
        arguments: [
            ("8", "false", 2), ("8", "true", 4), ("1", "null", 0.25), ("0.5", "true", 0.25), ("-4", "false", -1),
        ])
    func scale(alpha: String, isStabilised: String, expected: Float) throws {
        let adapter = try open(someAdapter.setting(["lora_alpha": alpha, "use_rslora": isStabilised]))
        #expect(adapter.configuration.scale == expected)
    }

    @Test(
        "A layer is adapted whose path is or ends in a target, unless it is excluded or its index is not asked for",
        arguments: [
            (#"["q_proj"]"#, "null", "null", [true, true]),
            (#"["self_attn.q_proj"]"#, "null", "null", [true, true]),
            (#"["model.layers.0.self_attn.q_proj", "1.self_attn.q_proj"]"#, "null", "null", [true, true]),
            (#"["q_proj"]"#, "null", "[0, 1]", [true, true]),
            (#"["q_proj"]"#, "null", "[]", [true, true]),
            (#"["q_proj"]"#, "null", "1", [false, true]),
            (#"["q_proj"]"#, #"["0.k_proj"]"#, "[0]", [true, false]),
            (#""all-linear""#, "null", "null", [nil, nil]),
            (#"".*_proj""#, "null", "null", [nil, nil]),
            ("null", "null", "null", [nil, nil]),
        ])
    func targets(names: String, excluded: String, layers: String, expected: [Bool?]) throws {
        let adapter = try open(
            someAdapter.setting([
                "target_modules": names, "exclude_modules": excluded, "layers_to_transform": layers,
            ]))
        let found = (0..<2).map {
            adapter.configuration.adapts("model.layers.\($0).self_attn.q_proj", layer: $0)
        }
        #expect(found == expected)
    }

    @Test("What only training reads, and what is off, is no reason to refuse an adapter")
    func leniency() throws {
        let adapter = try open(
            someAdapter.setting([
                "lora_dropout": "0.5", "auto_mapping": #"{"base_model_class": "X"}"#, "eva_config": #"{"rho": 2}"#,
                "init_lora_weights": "\"gaussian\"", "ensure_weight_tying": "true", "loftq_config": "{}",
                "task_type": "null", "bias": nil, "future_group_size": "32", "use_future": "false",
                "base_model_name_or_path": nil,
                "layers_pattern": "null", "exclude_modules": "[]", "revision": "\"main\"",
            ]))
        #expect(adapter.configuration.baseModelName == nil)
    }

    @Test("The adapters of the reference open", arguments: [("tiny-qwen2", 4, 7), ("SmolLM2-135M-Instruct", 2, 3)])
    func reference(baseName: String, rank: Int, linearLayers: Int) throws {
        let name = baseName == "tiny-qwen2" ? "tiny-qwen2-lora" : "smollm2-lora"
        guard let directory = ReferenceDirectory.file(name) else { return }
        let adapter = try LoRAAdapter(path: FilePath(directory.path))
        #expect(adapter.configuration.baseModelName == baseName)
        #expect(adapter.configuration.rank == rank && adapter.configuration.scale == 2)
        #expect(!adapter.modules.isEmpty && adapter.modules.count.isMultiple(of: linearLayers))
    }
}

@Suite("LoRA adapters that are refused")
struct LoRAAdapterRefusalTests {
    /// The message, with `DIR` for the directory's path.
    private func refusal(of builder: LoRABuilder) throws -> String? {
        let directory = try TemporaryDirectory()
        try builder.write(to: directory)
        let error = #expect(throws: CheckpointError.self) { try LoRAAdapter(path: FilePath(directory.path)) }
        return error?.description.replacing(directory.path, with: "DIR")
    }

    @Test(
        "A setting that changes the computation is refused with key and value",
        arguments: [
            ("peft_type", "\"LOHA\"", "is the string \"LOHA\", supported is 'LORA'"),
            ("task_type", "\"SEQ_CLS\"", "is the string \"SEQ_CLS\", supported is 'CAUSAL_LM' or null"),
            ("bias", "\"lora_only\"", "is the string \"lora_only\", supported is 'none' or null"),
            ("use_dora", "true", "is true, supported is null, false or empty"),
            ("lora_bias", "true", "is true, supported is null, false or empty"),
            ("fan_in_fan_out", "true", "is true, supported is null, false or empty"),
            ("use_qalora", "true", "is true, supported is null, false or empty"),
            ("rank_pattern", #"{"q_proj": 8}"#, "is an object of 1, supported is null, false or empty"),
            ("alpha_pattern", #"{"q_proj": 8}"#, "is an object of 1, supported is null, false or empty"),
            ("modules_to_save", #"["lm_head"]"#, "is an array of 1, supported is null, false or empty"),
            ("trainable_token_indices", "[1, 2]", "is an array of 2, supported is null, false or empty"),
            ("target_parameters", #"["x"]"#, "is an array of 1, supported is null, false or empty"),
            ("layer_replication", "[[0, 1]]", "is an array of 1, supported is null, false or empty"),
            ("alora_invocation_tokens", "[5]", "is an array of 1, supported is null, false or empty"),
            ("alora_invocation_string", "\"go\"", "is the string \"go\", supported is null"),
            ("loftq_config", #"{"loftq_bits": 4}"#, "is an object of 1, supported is null, false or empty"),
            ("corda_config", #"{"x": 4}"#, "is an object of 1, supported is null, false or empty"),
            ("use_of_the_future", "true", "is true, supported is null, false or empty"),
            ("layers_pattern", #"["h"]"#, "is an array of 1, supported is 'layers' or null"),
            (
                "init_lora_weights", "\"pissa\"",
                "is the string \"pissa\", supported is 'gaussian' or 'eva' or 'orthogonal' or null"
            ),
        ])
    func settings(key: String, value: String, message: String) throws {
        #expect(
            try refusal(of: someAdapter.setting([key: value])) == "DIR/adapter_config.json: \(key) \(message)")
    }

    @Test(
        "A value that is missing, of another type or out of range is refused",
        arguments: [
            ("peft_type", nil, "key peft_type is missing"),
            ("r", nil, "key r is missing"),
            ("r", "0", "r: expected an integer from 1 to 65536, found 0"),
            ("r", "-4", "r: expected an integer from 1 to 65536, found -4"),
            ("r", "65537", "r: expected an integer from 1 to 65536, found 65537"),
            ("r", "4.5", "r: expected an integer, found 4.5"),
            ("lora_alpha", nil, "key lora_alpha is missing"),
            ("lora_alpha", "\"8\"", "lora_alpha: expected a number, found the string \"8\""),
            ("lora_alpha", "1e300", "lora_alpha: expected a number that is finite in single precision, found 1e+300"),
            ("use_rslora", "1", "use_rslora: expected a boolean, found 1"),
            ("bias", "true", "bias: expected an array of strings, found true"),
            ("target_modules", "[1]", "target_modules[0]: expected a string, found 1"),
            ("exclude_modules", "\"k_.*\"", "exclude_modules: expected an array of strings, found the string \"k_.*\""),
            ("layers_to_transform", "[0.5]", "layers_to_transform[0]: expected an integer, found 0.5"),
            ("base_model_name_or_path", "[]", "base_model_name_or_path: expected a string, found an array of 0"),
        ] as [(String, String?, String)])
    func values(key: String, value: String?, message: String) throws {
        #expect(try refusal(of: someAdapter.setting([key: value])) == "DIR/adapter_config.json: \(message)")
    }

    @Test("Targets without tensors, and tensors of no target, are refused")
    func targets() throws {
        let name = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"
        #expect(
            try refusal(of: someAdapter.setting(["target_modules": #"["q_proj", "k_proj"]"#]))
                == "DIR/adapter_config.json: target_modules names k_proj, but DIR/adapter_model.safetensors"
                + " has no tensor of such a layer")
        #expect(
            try refusal(of: someAdapter.setting(["target_modules": #"["k_proj", "_proj"]"#]))
                == "DIR/adapter_model.safetensors: tensor \(name) is of no layer that target_modules asks for:"
                + " k_proj, _proj")
        #expect(
            try refusal(of: someAdapter.setting(["exclude_modules": #"["0.self_attn.q_proj"]"#]))
                == "DIR/adapter_model.safetensors: tensor \(name) is of no layer that target_modules asks for: q_proj")
    }

    @Test(
        "A tensor that is no factor of a linear layer is refused",
        arguments: [
            "base_model.model.model.embed_tokens.lora_embedding_A", "model.layers.0.self_attn.q_proj.lora_A.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_A.default.weight",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector",
            "base_model.model.model.layers.0.self_attn.q_proj.lora_B.bias", "base_model.model.lora_A.weight",
            "base_model.model..lora_A.weight", "base_model.model.lm_head.weight", "lora_A.weight",
        ])
    func unknownTensors(name: String) throws {
        var builder = someAdapter
        builder.tensors.addTensor(name, shape: [4, 3], [Float](repeating: 1, count: 12))
        #expect(
            try refusal(of: builder)
                == "DIR/adapter_model.safetensors: tensor \(name) is not of a LoRA adapter of linear layers,"
                + " expected base_model.model.<layer>.lora_A.weight or .lora_B.weight")
    }

    @Test("A factor without the other is refused", arguments: [("A", 2), ("B", 3)])
    func lonelyFactors(factor: String, index: Int) throws {
        var builder = someAdapter
        builder.tensors.tensors.remove(at: index)
        let name = LoRABuilder.tensorName("model.layers.1.self_attn.q_proj", factor)
        #expect(try refusal(of: builder) == "DIR/adapter_model.safetensors: there is no tensor \(name)")
    }

    @Test("A directory without one of the files is refused with the file's path")
    func missingFiles() throws {
        for name in ["adapter_config.json", "adapter_model.safetensors"] {
            let directory = try TemporaryDirectory()
            try someAdapter.write(to: directory)
            try directory.remove(name)
            let error = #expect(throws: CheckpointError.self) { try LoRAAdapter(path: FilePath(directory.path)) }
            #expect(error?.description == "\(directory.path)/\(name): cannot open: No such file or directory")
        }
    }
}
