import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing
import Transformer

/// The tiny checkpoints of the reference, saved again in the other ways that users have them.
@Suite("Re-saved checkpoints Reference")
struct ResavedReferenceTests {
    /// Writes the model's tensors to three shards and an index, and its configuration.
    private func writeShards(_ model: TinyModel, config: String, to directory: TemporaryDirectory) throws {
        try directory.write(config, to: "config.json")
        try directory.write("{}", to: "tokenizer.json")
        var map: [String] = []
        let all = model.safetensors().tensors
        for shard in 0..<3 {
            let name = "model-0000\(shard + 1)-of-00003.safetensors"
            var builder = SafetensorsBuilder()
            builder.metadata = [("format", "pt")]
            builder.tensors = all.enumerated().filter { $0.offset % 3 == shard }.map(\.element)
            map += builder.tensors.map { "\"\($0.name)\": \"\(name)\"" }
            try directory.write(builder.build(), to: name)
        }
        try directory.write(
            "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {\(map.joined(separator: ", "))}}",
            to: "model.safetensors.index.json")
    }

    /// The same `config.json` with its rotary part in the older or the newer spelling, and the key of the dtype.
    private func respell(_ json: String, newer: Bool) throws -> String {
        var config = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        var rope = (config["rope_parameters"] ?? config["rope_scaling"]) as? [String: Any] ?? [:]
        let theta = try #require(rope["rope_theta"] ?? config["rope_theta"])
        for key in ["rope_parameters", "rope_scaling", "rope_theta", "dtype", "torch_dtype", "layer_types"] {
            config[key] = nil
        }
        if newer {
            rope["rope_theta"] = theta
            rope["rope_type"] = rope["rope_type"] ?? "default"
            config["rope_parameters"] = rope
            config["dtype"] = "float32"
        } else {
            rope["rope_theta"] = nil
            config["rope_theta"] = theta
            config["rope_scaling"] = (rope["rope_type"] as? String) == "llama3" ? rope : NSNull()
            config["torch_dtype"] = "float32"
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: config), as: UTF8.self)
    }

    @Test(
        "Shards with a config.json of either spelling agree with the goldens",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"], [false, true])
    func shards(name: String, newer: Bool) throws {
        guard let golden = try Golden.load(name), let model = try TinyModel(reference: name) else { return }
        let directory = try TemporaryDirectory()
        try writeShards(model, config: respell(model.configJSON, newer: newer), to: directory)
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        #expect(checkpoint.tensors.files.count == 3)
        let configuration = try TransformerConfiguration(of: checkpoint)
        #expect(configuration == model.configuration)
        let transformer = Transformer(
            configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
        try checkpoint.checkUnchanged()
        for expected in golden.cases {
            // The mean over text and rationale, the state that wrote the last token included.
            let ids = expected.promptIds + expected.rationaleIds
            let states = transformer.hiddenStates(of: ids)[expected.poolingStart...]
            var mean = [Float](repeating: 0, count: configuration.hiddenSize)
            for state in states {
                for (channel, value) in state.enumerated() {
                    mean[channel] += value / Float(states.count)
                }
            }
            #expect(relativeL2(mean, expected.embeddingUnnormalised) <= 1e-4)
            #expect(cosine(mean, expected.embeddingUnnormalised) >= 0.99999)
        }
    }
}
