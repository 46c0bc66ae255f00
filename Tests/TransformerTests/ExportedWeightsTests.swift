import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing
import Transformer

/// The numbers of every tensor of a directory that was written in float32.
private func floats(in path: FilePath) throws -> [String: [Float]] {
    try Checkpoint(path: path).tensors.tensors.mapValues { tensor in
        try tensor.bytes().withUnsafeBytes { bytes in
            (0..<tensor.elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
    }
}

/// Writes a checkpoint's weights and configuration as a Hugging Face directory.
private func export(
    _ checkpoint: Checkpoint, adapter: LoRAAdapter? = nil, as format: StoredNumber = .float32,
    replacing replacements: [String: TensorSource.NumberReader] = [:], to path: FilePath
) throws {
    let weights = try ExportedWeights(
        of: checkpoint, TransformerConfiguration(of: checkpoint), adapter: adapter)
    let files = [
        FileContents(name: "config.json", bytes: try weights.configuration(format: format, tokens: [])),
        FileContents(name: "tokenizer.json", bytes: Array("{}".utf8)),
    ]
    try DurableDirectory.write(
        files + SafetensorsWriter.modelFiles(weights.tensors(as: format, replacing: replacements)), to: path)
}

private let models = ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"]

@Suite("Exported weights Reference")
struct ExportedWeightsTests {
    @Test("A GGUF file exports as the directory that it was made of, rows in their order again", arguments: models)
    func gguf(name: String) throws {
        guard let model = try TinyModel(reference: name) else { return }
        let directory = try TemporaryDirectory()
        let file = try directory.write(model.gguf().build(), to: "model.gguf")
        let path = FilePath("\(directory.path)/exported")
        try export(Checkpoint(path: FilePath(file)), to: path)
        #expect(try floats(in: path) == model.tensors.mapValues(\.values))
        let found = try TransformerConfiguration(of: Checkpoint(path: path))
        // GGUF does not tell some lengths of llama3's scaling apart, nor do the frequencies.
        let ids: [TokenID] = [1, 2, 3, 4, 5, 6, 7]
        let exported = Transformer(
            configuration: found, weights: try TransformerWeights(of: Checkpoint(path: path), found))
        let original = try model.loadHuggingFace()
        for (state, expected) in zip(exported.hiddenStates(of: ids), original.hiddenStates(of: ids)) {
            #expect(relativeL2(state, expected) <= 1e-6)
        }
        #expect(found.tiesHeadToEmbedding == model.configuration.tiesHeadToEmbedding)
        #expect(found.normEpsilon == model.configuration.normEpsilon)
        #expect(found.ropeTheta == model.configuration.ropeTheta)
        #expect(found.contextLength == model.configuration.contextLength)
    }

    @Test("A directory exports as itself", arguments: models)
    func directory(name: String) throws {
        guard let model = try TinyModel(reference: name), let source = ReferenceDirectory.file(name) else { return }
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/exported")
        try export(Checkpoint(path: FilePath(source.path)), to: path)
        #expect(try floats(in: path) == model.tensors.mapValues(\.values))
        #expect(try TransformerConfiguration(of: Checkpoint(path: path)) == model.configuration)
    }

    @Test("An adapter is added to the weights that it is for, in either layout", arguments: [false, true])
    func adapters(isGGUF: Bool) throws {
        let model = try TinyModel.forAdapters()
        let builder = model.randomAdapter(of: ["self_attn.q_proj", "mlp.down_proj"])
        let directory = try TemporaryDirectory()
        let adapterDirectory = try TemporaryDirectory()
        try builder.write(to: adapterDirectory)
        let adapter = try LoRAAdapter(path: FilePath(adapterDirectory.path))
        let base: Checkpoint
        if isGGUF {
            base = try Checkpoint(path: FilePath(directory.write(model.gguf().build(), to: "model.gguf")))
        } else {
            base = try openCheckpoint(
                config: model.configJSON, tensors: model.safetensors().build(), in: TemporaryDirectory())
        }
        let path = FilePath("\(directory.path)/exported")
        try export(base, adapter: adapter, to: path)
        let merged = model.merged(with: builder, rank: 4, scale: 2)
        let found = try floats(in: path)
        #expect(found.keys.sorted() == merged.tensors.keys.sorted())
        for (name, tensor) in merged.tensors {
            #expect(relativeL2(found[name] ?? [], tensor.values) <= 1e-6, "\(name)")
        }
        let adapted = "model.layers.0.self_attn.q_proj.weight"
        #expect(found[adapted] != model.tensors[adapted]?.values)
    }

    @Test("What was trained takes the place of what is stored")
    func replacements() throws {
        let model = try TinyModel.forAdapters("qwen3")
        let checkpoint = try openCheckpoint(
            config: model.configJSON, tensors: model.safetensors().build(), in: TemporaryDirectory())
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/exported")
        let name = "model.layers.1.mlp.up_proj.weight"
        try export(checkpoint, replacing: [name: { _, piece in piece.update(repeating: 0.25) }], to: path)
        var expected = model.tensors.mapValues(\.values)
        expected[name] = [Float](repeating: 0.25, count: expected[name]?.count ?? 0)
        #expect(try floats(in: path) == expected)
    }

    @Test("Divisors of rotary frequencies that are not Llama 3's are refused")
    func ropeFactors() throws {
        let model = try TinyModel.forAdapters()
        var builder = model.gguf()
        builder.tensors.removeAll { $0.name == "rope_freqs.weight" }
        builder.addTensor("rope_freqs.weight", shape: [6], [1, 2, 3, 4, 5, 7])
        let directory = try TemporaryDirectory()
        let path = try directory.write(builder.build(), to: "model.gguf")
        let error = #expect(throws: TransformerError.self) {
            try export(Checkpoint(path: FilePath(path)), to: FilePath("\(directory.path)/exported"))
        }
        #expect(
            error
                == .unsupportedSetting(
                    file: path, key: "rope_freqs.weight", found: "divisors up to 7.0", supported: "those of Llama 3"))
    }
}
