import Checkpoints
import Foundation
import SystemPackage
import Tensors
import TestSupport
import Testing
import Transformer

@Suite("Transformer Reference")
struct TransformerReferenceTests {
    @Test("First logits equal transformers'", arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"])
    func firstLogits(name: String) throws {
        guard let golden = try Golden.load(name), let directory = ReferenceDirectory.file(name) else { return }
        let checkpoint = try Checkpoint(path: FilePath(directory.path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        let model = Transformer(
            configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
        let activations = Activations(configuration: configuration, tokenCapacity: 512, samplingCapacity: 1)
        for expected in golden.cases {
            let cache = KVCache(pool: model.makePagePool())
            let hiddenStates = model.forward(
                [SequenceChunk(tokens: expected.promptIds[...], cache: cache)], activations: activations)
            let logits = model.logits(
                ofRows: [expected.promptIds.count - 1], in: hiddenStates, activations: activations
            ).row(0)
            let head = Array(logits.prefix(expected.firstLogitsHead.count))
            #expect(relativeL2(head, expected.firstLogitsHead) <= 1e-4)
            #expect(cosine(head, expected.firstLogitsHead) >= 0.99999)
            let norm = logits.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm / Double(expected.firstLogitsNorm) - 1) <= 1e-4)
        }
    }
}
