import Checkpoints
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

private func numbers(_ count: Int, _ value: Float) -> TensorSource.NumberReader {
    { _, piece in piece.update(repeating: value) }
}

/// An adapter of two kinds of layers in two decoder layers.
private func adapter(rank: Int = 2, alpha: Double = 4, layers: [Int]? = nil) -> LoRAAdapterSource {
    let modules = (layers ?? [0, 1]).flatMap { layer in
        [("self_attn.q_proj", 3, 4), ("mlp.down_proj", 5, 3)].map { ("model.layers.\(layer).\($0.0)", $0.1, $0.2) }
    }
    return LoRAAdapterSource(
        baseModelName: "some-base", rank: rank, alpha: alpha, dropout: 0.05, layers: layers,
        factors: modules.map { module, inputs, outputs in
            LoRAAdapterSource.Factors(
                module: module, inputs: inputs, outputs: outputs, first: numbers(rank * inputs, 0.5),
                second: numbers(outputs * rank, -2))
        })
}

@Suite("Checkpoint writer")
struct CheckpointWriterTests {
    @Test("An adapter is read back as it was meant", arguments: StoredNumber.allCases)
    func adapters(format: StoredNumber) throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/adapter")
        let manifest = GraceManifest(
            systemPrompt: "Say what it is about.",
            generation: .init(maxRationaleTokens: 32, temperature: 0.5, topP: 1), normalizes: true,
            prompts: ["query": "Query: "],
            base: .init(name: "some-base", sha256: try SHA256Digest(of: [1]).description),
            canaries: [
                .init(text: "A cat.", maxRationaleTokens: 8, embedding: [0.1, -1e-7, 2], minimumCosine: 0.999)
            ],
            training: ["method": .string("GRACE"), "steps": .integer(60), "data": .object(["sha256": .string("…")])])
        let digests = try CheckpointWriter.write(
            adapter().files(format: format), manifest: manifest,
            beside: [FileContents(name: "optimizer.safetensors", bytes: [1])], to: path)
        #expect(
            digests.map(\.fileName) == [
                "adapter_config.json", "adapter_model.safetensors", "grace.json", "optimizer.safetensors",
            ])
        let read = try LoRAAdapter(path: path)
        #expect(read.digests == Array(digests.prefix(2)))
        #expect(read.configuration.baseModelName == "some-base")
        #expect(read.configuration.rank == 2 && read.configuration.scale == 2)
        #expect(read.configuration.targets == .named(["down_proj", "q_proj"]))
        #expect(read.configuration.layers == nil)
        #expect(read.modules.count == 4)
        let factors = try #require(read.modules["model.layers.1.mlp.down_proj"])
        #expect(factors.first.shape == [2, 5] && factors.second.shape == [3, 2])
        #expect(factors.first.format == format.tensorFormat)
        let file = try #require(try GraceManifestFile(directory: path))
        try file.verify(read.digests)
        #expect(file.digest == digests[2])
        #expect(file.manifest.systemPrompt == manifest.systemPrompt)
        #expect(file.manifest.generation == manifest.generation)
        #expect(file.manifest.normalizes == true && file.manifest.prompts == manifest.prompts)
        #expect(file.manifest.base == manifest.base && file.manifest.canaries == manifest.canaries)
        #expect(file.manifest.files?.keys.sorted() == ["adapter_config.json", "adapter_model.safetensors"])
        // Any other byte is noticed.
        try FileManager.default.removeItem(atPath: path.appending("adapter_config.json").string)
        try directory.write(someOtherConfiguration, to: "adapter/adapter_config.json")
        let changed = try LoRAAdapter(path: path)
        #expect(throws: CheckpointError.self) { try file.verify(changed.digests) }
    }

    private let someOtherConfiguration =
        #"{"peft_type": "LORA", "r": 2, "lora_alpha": 8, "target_modules": ["q_proj", "down_proj"]}"#

    @Test(
        "Rank, scale and layers are the adapter's",
        arguments: [(1, 8.0, nil, 8), (4, 1.0, [1], 0.25), (3, 0.75, [0, 1], 0.25)] as [(Int, Double, [Int]?, Float)])
    func adapterSettings(rank: Int, alpha: Double, layers: [Int]?, scale: Float) throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/adapter")
        try DurableDirectory.write(adapter(rank: rank, alpha: alpha, layers: layers).files(), to: path)
        let configuration = try LoRAAdapter(path: path).configuration
        #expect(configuration.rank == rank && configuration.scale == scale && configuration.layers == layers)
    }

    @Test("A configuration has every member of the reference's that is older than the last years, with its value")
    func adapterConfiguration() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/adapter")
        try DurableDirectory.write(adapter().files(), to: path)
        let bytes = try RegularFile(path: path.appending("adapter_config.json")).bytes()
        let written = try JSONDocument(parsing: bytes, file: "written").members
        guard let reference = ReferenceDirectory.file("tiny-qwen2-lora/adapter_config.json") else { return }
        let peft = try JSONDocument(parsing: [UInt8](Data(contentsOf: reference)), file: "reference").members
        let own: Set = ["base_model_name_or_path", "lora_alpha", "lora_dropout", "r", "target_modules"]
        for (key, value) in written where !own.contains(key) {
            #expect(peft[key] == value, "\(key)")
        }
        #expect(Set(written.keys).isSuperset(of: own))
    }

    /// Reads a float32 tensor where it lies.
    private func reader(of tensor: TensorDescription) -> TensorSource.NumberReader {
        { offset, piece throws(CheckpointError) in
            try tensor.read(from: 4 * offset, into: UnsafeMutableRawBufferPointer(piece))
        }
    }

    @Test("An adapter's tensors are written as PEFT writes them, to the byte")
    func adapterBytes() throws {
        guard let reference = ReferenceDirectory.file("tiny-qwen2-lora") else { return }
        let read = try LoRAAdapter(path: FilePath(reference.path))
        let source = LoRAAdapterSource(
            baseModelName: "tiny-qwen2", rank: 4, alpha: 8,
            factors: read.modules.map { module, factors in
                LoRAAdapterSource.Factors(
                    module: module, inputs: factors.first.shape[1], outputs: factors.second.shape[0],
                    first: reader(of: factors.first), second: reader(of: factors.second))
            })
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/adapter")
        let digests = try DurableDirectory.write(source.files(), to: path)
        #expect(digests[1] == read.digests[1])
        #expect(try LoRAAdapter(path: path).configuration.scale == read.configuration.scale)
    }

    @Test(
        "A model's tensors are written as transformers writes them, to the byte",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func modelBytes(name: String) throws {
        guard let reference = ReferenceDirectory.file(name) else { return }
        let checkpoint = try Checkpoint(path: FilePath(reference.path))
        let tensors = checkpoint.tensors.tensors.values.map {
            TensorSource(name: $0.name, shape: $0.shape, format: .float32, numbers: reader(of: $0))
        }
        let directory = try TemporaryDirectory()
        let digests = try DurableDirectory.write(
            SafetensorsWriter.modelFiles(tensors), to: FilePath("\(directory.path)/model"))
        #expect(digests == checkpoint.digests.filter { $0.fileName == "model.safetensors" })
    }

    @Test("A manifest is written in the order of its schema, and reads back as it was")
    func manifest() throws {
        let manifest = GraceManifest(
            systemPrompt: "Line one.\nLine \"two\".", normalizes: false, base: .init(name: "b", sha256: nil),
            training: ["loss": .array([.number(0.5), .integer(1)])], files: ["a": String(repeating: "0", count: 64)])
        let bytes = try manifest.encoded(file: "grace.json")
        #expect(
            String(decoding: bytes, as: UTF8.self) == """
                {
                  "version": 1,
                  "system_prompt": "Line one.\\nLine \\"two\\".",
                  "pooling": "mean",
                  "normalize": false,
                  "base": {
                    "name": "b"
                  },
                  "training": {
                    "loss": [0.5, 1]
                  },
                  "files": {
                    "a": "\(String(repeating: "0", count: 64))"
                  }
                }

                """)
        #expect(try GraceManifest(parsing: bytes, file: "grace.json") == manifest)
        #expect(
            try GraceManifest(parsing: GraceManifest().encoded(file: "f"), file: "f") == GraceManifest())
    }

    @Test("A manifest that could not be read is not written, and the old checkpoint stays")
    func invalidManifests() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath("\(directory.path)/adapter")
        try CheckpointWriter.write(adapter().files(), manifest: GraceManifest(), to: path)
        let before = try LoRAAdapter(path: path).digests
        let wrong: [GraceManifest] = [
            GraceManifest(generation: .init(temperature: -1)), GraceManifest(generation: .init(topP: .nan)),
            GraceManifest(generation: .init(maxRationaleTokens: -1)),
            GraceManifest(base: .init(name: "b", sha256: "x")),
            GraceManifest(canaries: [.init(text: "", maxRationaleTokens: 1, embedding: [1], minimumCosine: 1)]),
            GraceManifest(canaries: [.init(text: "a", maxRationaleTokens: 1, embedding: [0], minimumCosine: 1)]),
            GraceManifest(canaries: [.init(text: "a", maxRationaleTokens: 1, embedding: [.nan], minimumCosine: 1)]),
        ]
        for manifest in wrong {
            #expect(throws: CheckpointError.self) {
                try CheckpointWriter.write(adapter(rank: 4).files(), manifest: manifest, to: path)
            }
            #expect(try LoRAAdapter(path: path).digests == before)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["adapter"])
    }
}
