import Checkpoints
import Foundation
import TestSupport
import Testing
import Transformer

/// How many times the usual number of cases is tried.
private let rounds = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1

/// Whatever `config.json` says: an error or a model that runs.
@Suite("Fuzzed configurations")
struct ConfigurationFuzzTests {
    private static let members = ConfigMembers.llama.setting([
        "vocab_size": "8", "hidden_size": "8", "intermediate_size": "12", "num_hidden_layers": "1",
        "num_attention_heads": "2", "num_key_value_heads": "1", "head_dim": "4",
    ])

    private static let values = [
        "0", "-0", "1", "2", "3", "4", "8", "12", "16", "-1", "64", "65537", "4294967296", "9223372036854775807",
        "-9223372036854775808", "9223372036854775808", "1e308", "1e-308", "-1e308", "1e-46", "3.5e38", "0.5", "1e400",
        "null", "true", "false", "\"\"", "\"silu\"", "\"llama\"", "\"qwen2\"", "\"qwen3\"", "\"default\"", "[]", "{}",
        "[1]", "{\"rope_type\": \"default\"}", "{\"rope_type\": \"default\", \"rope_theta\": 1e-30}",
        "{\"rope_type\": \"llama3\", \"factor\": 1e-30, \"low_freq_factor\": 4, \"high_freq_factor\": 4, "
            + "\"original_max_position_embeddings\": 1e30}",
    ]

    private static let keys =
        members.members.keys.sorted() + ["rope_parameters", "use_sliding_window", "layer_types", "unknown"]

    /// Opens and, if it is accepted, runs the model.
    ///
    /// - Returns: whether it was accepted.
    private func run(config: String, tensors: [UInt8], in directory: TemporaryDirectory) throws -> Bool {
        do {
            let checkpoint = try openCheckpoint(config: config, tensors: tensors, in: directory)
            let configuration = try TransformerConfiguration(of: checkpoint)
            #expect(configuration.headCount.isMultiple(of: configuration.keyValueHeadCount))
            #expect(configuration.ropeTheta > 0 && configuration.normEpsilon > 0)
            let model = Transformer(
                configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
            #expect(model.hiddenStates(of: [1, 2, 7], steps: [2, 1]).allSatisfy { $0.count == 8 })
            return true
        } catch let error as TransformerError {
            #expect(!error.description.contains("\n"))
            return false
        } catch is CheckpointError {
            return false
        }
    }

    @Test("Values of any kind and size are refused or run")
    func values() throws {
        let model = try TinyModel(randomWeightsFor: Self.members, seed: 1)
        let tensors = model.safetensors().build()
        let directory = try TemporaryDirectory()
        #expect(try run(config: Self.members.json, tensors: tensors, in: directory))
        var generator = SeededGenerator(seed: 11)
        var accepted = 0
        for _ in 0..<3000 * rounds {
            var changes: [String: String?] = [:]
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let key = Self.keys[Int.random(in: Self.keys.indices, using: &generator)]
                changes[key] = Self.values[Int.random(in: Self.values.indices, using: &generator)]
            }
            let config = Self.members.setting(changes).json
            accepted += try run(config: config, tensors: tensors, in: directory) ? 1 : 0
        }
        #expect(accepted > 0)
    }

    @Test("Damaged bytes are refused or run")
    func bytes() throws {
        let model = try TinyModel(randomWeightsFor: Self.members, seed: 1)
        let tensors = model.safetensors().build()
        let directory = try TemporaryDirectory()
        var mutator = Mutator(seed: 12)
        var accepted = 0
        for _ in 0..<3000 * rounds {
            let config = String(decoding: mutator.mutate(Array(Self.members.json.utf8)), as: UTF8.self)
            accepted += try run(config: config, tensors: tensors, in: directory) ? 1 : 0
        }
        #expect(accepted > 0)
    }
}
