import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing
import Transformer

/// How many times the usual number of cases is tried.
private let rounds = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1

/// Whatever an adapter's files hold: an error, or an adapted model that runs.
@Suite("Fuzzed adapters")
struct AdapterFuzzTests {
    private static let members = ConfigMembers.llama.setting([
        "vocab_size": "8", "hidden_size": "8", "intermediate_size": "12", "num_hidden_layers": "2",
        "num_attention_heads": "2", "num_key_value_heads": "1", "head_dim": "4",
    ])

    private static let values = [
        "0", "-0", "1", "2", "3", "4", "8", "65537", "4294967296", "9223372036854775807", "-9223372036854775808",
        "1e308",
        "-1e308", "1e-46", "0.5", "null", "true", "false", "\"\"", "\"none\"", "\"all-linear\"", "[]", "{}", "[1]",
        "[0, 1]", "[-1]", "[\"q_proj\"]", "[\"\"]", "[\"mlp.up_proj\", \"down_proj\"]", "{\"q_proj\": 2}", "\"LORA\"",
    ]

    /// Opens the adapter and, if it is accepted, runs the adapted model.
    ///
    /// - Returns: whether it was accepted.
    private func run(_ base: Transformer, in directory: TemporaryDirectory) throws -> Bool {
        do {
            let adapter = try LoRAAdapter(path: FilePath(directory.path))
            let adapted = try base.adapted(by: adapter)
            #expect(adapted.weightBytes >= base.weightBytes)
            #expect(adapted.hiddenStates(of: [1, 2, 7], steps: [2, 1]).allSatisfy { $0.count == 8 })
            return true
        } catch let error as TransformerError {
            #expect(!error.description.contains("\n"))
            return false
        } catch let error as CheckpointError {
            #expect(!error.description.contains("\n"))
            return false
        }
    }

    @Test("Values of any kind and size are refused or run", arguments: [Precision.float32, .int8])
    func values(precision: Precision) throws {
        let model = try TinyModel(randomWeightsFor: Self.members, seed: 1)
        let base = try model.load(precision: precision)
        let builder = model.randomAdapter(rank: 2)
        let keys = builder.config.keys.sorted() + ["exclude_modules", "layers_pattern", "unknown"]
        let directory = try TemporaryDirectory()
        try builder.write(to: directory)
        #expect(try run(base, in: directory))
        var generator = SeededGenerator(seed: 21)
        var accepted = 0
        for _ in 0..<2000 * rounds {
            var changes: [String: String?] = [:]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let key = keys[Int.random(in: keys.indices, using: &generator)]
                changes[key] = Self.values[Int.random(in: Self.values.indices, using: &generator)]
            }
            try directory.write(builder.setting(changes).configJSON, to: "adapter_config.json")
            accepted += try run(base, in: directory) ? 1 : 0
        }
        #expect(accepted > 0)
    }

    @Test(
        "Damaged bytes are refused or run", arguments: ["adapter_config.json", "adapter_model.safetensors"],
        [Precision.float32, .int4])
    func bytes(name: String, precision: Precision) throws {
        let model = try TinyModel(randomWeightsFor: Self.members, seed: 1)
        let base = try model.load(precision: precision)
        let builder = model.randomAdapter(of: ["self_attn.q_proj", "mlp.down_proj"], rank: 2)
        let directory = try TemporaryDirectory()
        try builder.write(to: directory)
        let original = name == "adapter_config.json" ? Array(builder.configJSON.utf8) : builder.tensors.build()
        var mutator = Mutator(seed: 22)
        var (accepted, refused) = (0, 0)
        for _ in 0..<2000 * rounds {
            try directory.write(mutator.mutate(original), to: name)
            if try run(base, in: directory) { accepted += 1 } else { refused += 1 }
        }
        #expect(accepted > 0 && refused > 0, "\(accepted) accepted, \(refused) refused")
    }
}
