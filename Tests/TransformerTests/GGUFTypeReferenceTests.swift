import Checkpoints
import Foundation
import SystemPackage
import Tensors
import TestSupport
import Testing
import Transformer

/// What `make_gguf_types.py` wrote beside its files.
private struct TypeGolden: Decodable {
    struct File: Decodable {
        let file: String
        /// By the name of the format.
        let firstRows: [String: Row]
        let sequences: [Sequence]
    }

    struct Row: Decodable {
        let tensor: String
        let values: [Float]
    }

    struct Sequence: Decodable {
        let ids: [TokenID]
        let generated: [TokenID]
        let hiddenMean: [Float]
        let lastLogits: [Float]
    }

    let files: [File]
}

/// One file's model, run by this package.
private struct Run {
    let transformer: Transformer

    init(file: URL, precision: Precision) throws {
        let checkpoint = try Checkpoint(path: FilePath(file.path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        transformer = Transformer(
            configuration: configuration,
            weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
    }

    /// The mean of the hidden states, and the logits after the last token.
    func callAsFunction(_ ids: [TokenID]) -> (mean: [Float], logits: [Float]) {
        let activations = Activations(
            configuration: transformer.configuration, tokenCapacity: ids.count, samplingCapacity: 1)
        let cache = KVCache(pool: transformer.makePagePool())
        let states = transformer.forward([SequenceChunk(tokens: ids[...], cache: cache)], activations: activations)
        var sums = [Double](repeating: 0, count: transformer.configuration.hiddenSize)
        for row in ids.indices {
            states.accumulateRow(row, into: &sums)
        }
        let logits = transformer.logits(ofRows: [ids.count - 1], in: states, activations: activations).row(0)
        return (sums.map { Float($0 / Double(ids.count)) }, logits)
    }

    func greedyTokens(after ids: [TokenID], count: Int) -> [TokenID] {
        var tokens = ids
        for _ in 0..<count {
            let logits = self(tokens).logits
            let best = logits.indices.max { logits[$0] < logits[$1] } ?? 0
            tokens.append(TokenID(best))
        }
        return Array(tokens[ids.count...])
    }
}

@Suite("GGUF formats Reference")
struct GGUFTypeReferenceTests {
    private func golden() throws -> (directory: URL, files: [TypeGolden.File])? {
        guard let url = ReferenceDirectory.file("gguf-types/golden.json") else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return (url.deletingLastPathComponent(), try decoder.decode(TypeGolden.self, from: Data(contentsOf: url)).files)
    }

    /// The weight that a file calls so.
    private func matrix(_ tensor: String, of weights: TransformerWeights) -> Weight? {
        let parts = tensor.split(separator: ".")
        guard parts.first == "blk", parts.count == 4, let index = Int(parts[1]) else { return weights.embedding }
        let layer = weights.layers[index]
        let linear = [
            "attn_q": layer.query, "attn_k": layer.key, "attn_v": layer.value, "attn_output": layer.attentionOutput,
            "ffn_gate": layer.gate, "ffn_up": layer.up, "ffn_down": layer.down,
        ]
        return linear[String(parts[2])]?.weight
    }

    @Test("Every format that is read is among the files, and is decoded to the bits that the gguf package makes of it")
    func everyFormat() throws {
        guard let golden = try golden() else { return }
        #expect(Set(golden.files.flatMap(\.firstRows.keys)) == Set(TensorFormat.allCases.map(\.name)))
        for file in golden.files {
            let checkpoint = try Checkpoint(path: FilePath(golden.directory.appendingPathComponent(file.file).path))
            let matrices = checkpoint.tensors.tensors.values.filter { $0.shape.count == 2 }
            #expect(Set(matrices.map(\.format.name)) == Set(file.firstRows.keys))
            let weights = try TransformerWeights(of: checkpoint, TransformerConfiguration(of: checkpoint))
            for (format, row) in file.firstRows {
                let weight = try #require(matrix(row.tensor, of: weights))
                let found = Activation(rowCapacity: 1, columns: weight.columns)
                found.copyRow(0, from: weight, row: 0)
                #expect(try checkpoint.tensors.description(of: row.tensor).format.name == format)
                #expect(found.row(0) == row.values, "\(file.file), \(format)")
            }
        }
    }

    @Test("States, logits and greedy tokens equal transformers' with the numbers that the gguf package decodes")
    func float32() throws {
        guard let golden = try golden() else { return }
        for file in golden.files {
            let run = try Run(file: golden.directory.appendingPathComponent(file.file), precision: .float32)
            for expected in file.sequences {
                let found = run(expected.ids)
                let place = Comment(rawValue: "\(file.file), \(expected.ids.count) tokens")
                #expect(relativeL2(found.mean, expected.hiddenMean) <= 1e-4, place)
                #expect(relativeL2(found.logits, expected.lastLogits) <= 1e-4, place)
                #expect(
                    run.greedyTokens(after: expected.ids, count: expected.generated.count) == expected.generated, place)
            }
        }
    }

    @Test("Q4_K is served in int4, which takes its quants as they are, and what has other bits in int8")
    func automaticPrecision() throws {
        guard let golden = try golden() else { return }
        for file in golden.files {
            let checkpoint = try Checkpoint(path: FilePath(golden.directory.appendingPathComponent(file.file).path))
            let expected: Precision? =
                switch Set(file.firstRows.keys) {
                case ["Q4_0"], ["Q4_1"], ["Q4_K"]: .int4
                case let formats where formats.isDisjoint(with: ["Q4_0", "Q4_1", "Q4_K"]): .int8
                // A majority decides.
                default: nil
                }
            guard let expected else { continue }
            #expect(Precision.automatic(for: checkpoint, kernels: .avx2) == expected, "\(file.file)")
        }
    }

    @Test("Packed weights stay close to them", arguments: [Precision.int4, .int8, .bfloat16])
    func packed(precision: Precision) throws {
        guard let golden = try golden() else { return }
        for file in golden.files {
            // What int4 has no blocks for, and no more bits either.
            if precision == .int4, !Set(file.firstRows.keys).isDisjoint(with: ["F32", "F16", "BF16"]) { continue }
            let run = try Run(file: golden.directory.appendingPathComponent(file.file), precision: precision)
            for expected in file.sequences {
                let found = run(expected.ids)
                let place = Comment(rawValue: "\(file.file), \(expected.ids.count) tokens")
                #expect(cosine(found.mean, expected.hiddenMean) >= 0.995, place)
                #expect(cosine(found.logits, expected.lastLogits) >= 0.995, place)
            }
        }
    }
}
