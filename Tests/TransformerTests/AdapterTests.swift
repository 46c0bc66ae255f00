import Checkpoints
import SystemPackage
import Tensors
import TestSupport
import Testing
import Transformer

private let someTokens: [TokenID] = [1, 39, 7, 7, 0, 21, 33, 2, 5, 8, 13, 34]

private func distance(_ found: [[Float]], _ expected: [[Float]]) -> Double {
    relativeL2(found.flatMap { $0 }, expected.flatMap { $0 })
}

@Suite("Adapters")
struct AdapterTests {
    @Test(
        "An adapted model has the hidden states of weights that the updates are added to, in both layouts",
        arguments: ["llama", "qwen3"],
        [
            TinyModel.linearLayers, ["self_attn.q_proj"], ["self_attn.k_proj", "self_attn.v_proj"],
            ["self_attn.o_proj"], ["mlp.up_proj"], ["mlp.gate_proj", "mlp.down_proj"],
        ])
    func merged(architecture: String, linearLayers: [String]) throws {
        let model = try TinyModel.forAdapters(architecture)
        let builder = model.randomAdapter(of: linearLayers)
        let expected = try model.merged(with: builder, rank: 4, scale: 2).loadHuggingFace()
            .hiddenStates(of: someTokens)
        let adapter = try builder.open()
        for base in [try model.loadHuggingFace(), try model.loadGGUF()] {
            let found = try base.adapted(by: adapter).hiddenStates(of: someTokens)
            #expect(distance(found, expected) <= 1e-5)
            #expect(distance(base.hiddenStates(of: someTokens), expected) >= 1e-2)
        }
    }

    @Test("Factors in half precision give the numbers that they hold", arguments: [Encoding.float16, .bfloat16])
    fileprivate func halfPrecision(encoding: Encoding) throws {
        let model = try TinyModel.forAdapters()
        let base = try model.loadHuggingFace()
        let builder = model.randomAdapter()
        var (stored, rounded) = (builder, builder)
        for (index, tensor) in builder.tensors.tensors.enumerated() {
            let values = tensor.bytes.withUnsafeBytes { bytes in
                (0..<tensor.bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
            stored.tensors.tensors[index].dtype = encoding.safetensorsName
            stored.tensors.tensors[index].bytes = encoding.encode(values)
            rounded.tensors.tensors[index].bytes = Encoding.float32.encode(encoding.rounded(values))
        }
        let found = try base.adapted(by: stored.open()).hiddenStates(of: someTokens)
        #expect(found == (try base.adapted(by: rounded.open()).hiddenStates(of: someTokens)))
        #expect(found != (try base.adapted(by: builder.open()).hiddenStates(of: someTokens)))
    }

    @Test(
        "Only the layers that are asked for are adapted", arguments: [("[1]", 1), ("0", 0)])
    func someLayers(layers: String, layer: Int) throws {
        let model = try TinyModel.forAdapters()
        var builder = model.randomAdapter().setting(["layers_to_transform": layers])
        builder.tensors.tensors.removeAll { !$0.name.contains("layers.\(layer).") }
        let adapted = try model.loadHuggingFace().adapted(by: builder.open())
        let expected = try model.merged(with: builder, rank: 4, scale: 2).loadHuggingFace()
        #expect(distance(adapted.hiddenStates(of: someTokens), expected.hiddenStates(of: someTokens)) <= 1e-5)
        // The same without the list: what the tensors say decides, for a regular expression cannot be asked.
        let undeclared = builder.setting([
            "layers_to_transform": "null", "target_modules": "\".*\\\\.\(layer)\\\\..*_proj\"",
        ])
        let again = try model.loadHuggingFace().adapted(by: undeclared.open())
        #expect(again.hiddenStates(of: someTokens) == adapted.hiddenStates(of: someTokens))
    }

    @Test(
        "Two adapters of one base share its weights, count only themselves, and leave the base as it is",
        arguments: [Precision.float32, .bfloat16, .int8, .int4])
    func shared(precision: Precision) throws {
        let base = try TinyModel.forAdapters().load(precision: precision)
        let before = base.hiddenStates(of: someTokens)
        let bound = try TinyModel.forAdapters().randomAdapter().open().memoryByteCount
        let adapters = try [1, 2].map { seed in
            try base.adapted(by: TinyModel.forAdapters().randomAdapter(seed: UInt64(seed)).open())
        }
        let expected = base.weights.storage
        for adapted in adapters {
            #expect(adapted.weights.storage == expected)
            #expect((1...bound).contains(adapted.weights.updateBytes))
            #expect(adapted.weightBytes == base.weightBytes + adapted.weights.updateBytes)
            // Seven linear layers a decoder layer, of these inputs and outputs.
            let channels = [(64, 72), (64, 24), (64, 24), (72, 64), (64, 96), (64, 96), (96, 64)]
            let elements = 2 * 4 * channels.reduce(0) { $0 + $1.0 + $1.1 }
            #expect(
                adapted.weights.parametersPerWrittenToken == base.weights.parametersPerWrittenToken + elements)
        }
        let states = adapters.map { $0.hiddenStates(of: someTokens) }
        #expect(states[0] != states[1] && states[0] != before)
        #expect(base.weights.updateBytes == 0)
        #expect(base.hiddenStates(of: someTokens) == before)
    }

    @Test(
        "With packed weights an adapted sequence has the same bits in any steps", arguments: ["llama", "qwen3"],
        [Precision.bfloat16, .int8, .int4])
    func sameBits(architecture: String, precision: Precision) throws {
        let model = try TinyModel.forAdapters(architecture)
        let adapted = try model.load(precision: precision).adapted(by: model.randomAdapter().open())
        #expect(adapted.weights.areBatchInvariant)
        let whole = adapted.hiddenStates(of: someTokens)
        for steps in [[5, 7], [1, 11], [Int](repeating: 1, count: 12), [3, 1, 4, 4]] {
            #expect(adapted.hiddenStates(of: someTokens, steps: steps) == whole)
        }
    }

    @Test(
        "Packed weights and an adapter stay close to float32's with it",
        arguments: [(Precision.bfloat16, 0.998), (.int8, 0.995)])
    func closeness(bound: (precision: Precision, cosine: Double)) throws {
        let model = try TinyModel.forAdapters()
        let adapter = try model.randomAdapter().open()
        let exact = try model.load(precision: .float32).adapted(by: adapter).hiddenStates(of: someTokens)
        let found = try model.load(precision: bound.precision).adapted(by: adapter).hiddenStates(of: someTokens)
        #expect(cosine(found.flatMap { $0 }, exact.flatMap { $0 }) >= bound.cosine)
    }
}

@Suite("Adapters that are refused")
struct AdapterRefusalTests {
    /// The message, with `FILE` for the path of the tensors.
    private func refusal(of builder: LoRABuilder) throws -> String? {
        let base = try TinyModel.forAdapters().loadHuggingFace()
        let directory = try TemporaryDirectory()
        try builder.write(to: directory)
        let adapter = try LoRAAdapter(path: FilePath(directory.path))
        let error = #expect(throws: TransformerError.self) { try base.adapted(by: adapter) }
        return error?.description.replacing("\(directory.path)/adapter_model.safetensors", with: "FILE")
    }

    private func adapter() throws -> LoRABuilder { try TinyModel.forAdapters().randomAdapter() }

    @Test(
        "A factor of another rank, or of other inputs or outputs, is refused with both shapes",
        arguments: [
            ("A", "self_attn.q_proj", [8, 64], [4, 64]), ("A", "mlp.down_proj", [4, 64], [4, 96]),
            ("A", "mlp.down_proj", [96, 4], [4, 96]), ("B", "self_attn.k_proj", [72, 4], [24, 4]),
            ("B", "self_attn.k_proj", [24, 8], [24, 4]), ("B", "mlp.up_proj", [384], [96, 4]),
            ("A", "mlp.up_proj", [0, 64], [4, 64]), ("B", "self_attn.o_proj", [64, 2, 2], [64, 4]),
        ])
    func shapes(factor: String, linearLayer: String, found: [Int], expected: [Int]) throws {
        var builder = try adapter()
        let name = LoRABuilder.tensorName("model.layers.1.\(linearLayer)", factor)
        let index = try #require(builder.tensors.tensors.firstIndex { $0.name == name })
        builder.tensors.tensors[index].shape = found
        builder.tensors.tensors[index].bytes = [UInt8](repeating: 0, count: 4 * found.reduce(1, *))
        #expect(try refusal(of: builder) == "FILE: tensor \(name) has shape \(found), expected \(expected)")
    }

    @Test(
        "A tensor of what the base does not have, or of what is not adapted, is refused",
        arguments: [
            "model.layers.2.self_attn.q_proj", "model.layers.01.self_attn.q_proj", "model.layers.-1.self_attn.q_proj",
            "model.layers.0.self_attn.qkv_proj", "layers.0.self_attn.q_proj", "lm_head", "model.embed_tokens",
            "model.layers.0.input_layernorm", "model.layers.99999999999999999999.mlp.up_proj",
        ])
    func unknown(module: String) throws {
        var builder = try adapter().setting(["target_modules": "null"])
        builder.addFactors(
            module, rank: 4, inputs: 64, outputs: 72, [Float](repeating: 0, count: 256),
            [Float](repeating: 0, count: 288))
        #expect(
            try refusal(of: builder)
                == "FILE: tensor \(LoRABuilder.tensorName(module, "A")) adapts nothing that can be: the base has the"
                + " linear layers of model.layers.0 to model.layers.1")
    }

    @Test("A layer that the configuration names needs its tensors, and one that it leaves out must have none")
    func targets() throws {
        let name = LoRABuilder.tensorName("model.layers.1.self_attn.k_proj", "A")
        var builder = try adapter()
        builder.tensors.tensors.removeAll { $0.name.contains("layers.1.self_attn.k_proj") }
        #expect(try refusal(of: builder) == "FILE: there is no tensor \(name)")
        #expect(
            try refusal(of: adapter().setting(["layers_to_transform": "[0, 3]"]))
                == "FILE: tensor \(LoRABuilder.tensorName("model.layers.1.self_attn.q_proj", "A"))"
                + " is of a layer that layers_to_transform leaves out: [0, 3]")
    }

    @Test(
        "A number that is not finite, or not once it is scaled, is refused with its place",
        arguments: [
            ("A", Float.nan, "nan", "8"), ("B", .infinity, "inf", "8"), ("B", -.infinity, "-inf", "8"),
            ("B", 3e38, "3e+38", "8"), ("A", .nan, "nan", "0"),
        ])
    func notFinite(factor: String, value: Float, text: String, alpha: String) throws {
        var builder = try adapter().setting(["lora_alpha": alpha])
        let name = LoRABuilder.tensorName("model.layers.1.mlp.up_proj", factor)
        let index = try #require(builder.tensors.tensors.firstIndex { $0.name == name })
        builder.tensors.tensors[index].bytes.replaceSubrange(28..<32, with: LittleEndian.bytes(value.bitPattern))
        let place = factor == "A" ? "[0, 7]" : "[1, 3]"
        let expected = "FILE: tensor \(name)\(place) is \(text), expected a number of a magnitude of at most "
        let found = try refusal(of: builder)
        #expect(found?.hasPrefix(expected) == true)
    }
}

extension TransformerWeights {
    /// The identities of all that products read, but for what an adapter adds.
    fileprivate var storage: [ObjectIdentifier] {
        [embedding.storage, head.storage]
            + layers.flatMap { layer in
                [layer.query, layer.key, layer.value, layer.attentionOutput, layer.gate, layer.up, layer.down]
                    .map(\.weight.storage)
            }
    }
}

extension Weight {
    fileprivate var storage: ObjectIdentifier {
        switch self {
        case .float32(let matrix): ObjectIdentifier(matrix)
        case .packed(let packed): ObjectIdentifier(packed)
        }
    }
}
