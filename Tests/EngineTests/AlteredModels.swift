import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Transformer

extension TinyModel {
    /// A copy of `tiny-qwen3`, whose head is not its embedding, in which the states of one token are not numbers: it alone
    /// uses the first channel, and the first feed-forward layer multiplies that with more than a number can hold.
    func withoutNumbers(for token: TokenID, precision: Precision = .float32) throws -> TinyModel? {
        try Self.altered("tiny-qwen3", precision: precision) { bytes, tensor in
            func set(_ name: String, _ value: Float, where isMeant: (_ row: Int, _ column: Int) -> Bool) throws {
                let description = try tensor(name)
                for row in 0..<description.shape[0] {
                    for column in 0..<description.shape[1] where isMeant(row, column) {
                        let start = description.byteRange.lowerBound + 4 * (row * description.shape[1] + column)
                        bytes.replaceSubrange(start..<start + 4, with: LittleEndian.bytes(value.bitPattern))
                    }
                }
            }
            try set("model.embed_tokens.weight", 0) { row, column in column == 0 && row != Int(token) }
            try set("model.embed_tokens.weight", 1) { row, column in column == 0 && row == Int(token) }
            try set("model.layers.0.self_attn.o_proj.weight", 0) { row, _ in row == 0 }
            for part in ["gate_proj", "up_proj"] {
                try set("model.layers.0.mlp.\(part).weight", 3e38) { _, column in column == 0 }
            }
        }
    }

    /// A copy of a model that hardly looks back: what follows a token is nearly always the same, so that what it writes
    /// repeats itself.
    static func repetitive(_ name: String, precision: Precision) throws -> TinyModel? {
        guard let model = try TinyModel(name) else { return nil }
        return try altered(name, precision: precision) { bytes, tensor in
            for layer in 0..<model.transformer.configuration.layerCount {
                for part in ["self_attn.o_proj", "mlp.down_proj"] {
                    let range = try tensor("model.layers.\(layer).\(part).weight").byteRange
                    for start in stride(from: range.lowerBound, to: range.upperBound, by: 4) {
                        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
                        let scaled = Float(bitPattern: bits) * 0.1
                        bytes.replaceSubrange(start..<start + 4, with: LittleEndian.bytes(scaled.bitPattern))
                    }
                }
            }
        }
    }

    /// A copy of a model whose weights `change` has changed; nil if that part of the reference was not made.
    private static func altered(
        _ name: String, precision: Precision,
        _ change: (_ file: inout [UInt8], _ tensor: (String) throws -> TensorDescription) throws -> Void
    ) throws -> TinyModel? {
        guard let source = ReferenceDirectory.file(name), let golden = try Golden.load(name) else { return nil }
        let directory = try TemporaryDirectory()
        for name in ["config.json", "tokenizer.json"] {
            try directory.write([UInt8](Data(contentsOf: source.appendingPathComponent(name))), to: name)
        }
        var bytes = [UInt8](try Data(contentsOf: source.appendingPathComponent("model.safetensors")))
        let tensors = try Checkpoint(path: FilePath(source.path)).tensors
        try change(&bytes) { try tensors.description(of: $0) }
        try directory.write(bytes, to: "model.safetensors")
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        return TinyModel(
            transformer: Transformer(
                configuration: configuration,
                weights: try TransformerWeights(of: checkpoint, configuration, precision: precision)),
            golden: golden)
    }
}
