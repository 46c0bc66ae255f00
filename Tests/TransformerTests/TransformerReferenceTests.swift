import Checkpoints
import Foundation
import SystemPackage
import Tensors
import TestSupport
import Testing
import Transformer

@Suite("Transformer Reference")
struct TransformerReferenceTests {
    @Test(
        "First logits equal transformers', also through adapters",
        arguments: [
            ("tiny-qwen2", 1e-4), ("tiny-qwen3", 1e-4), ("tiny-llama3", 1e-4), ("tiny-qwen2-lora", 1e-4),
            // The real model is quantised and deeper: its sums differ more in their last bits.
            ("smollm2-lora", 1e-3),
        ])
    func firstLogits(name: String, bound: Double) throws {
        guard let golden = try Golden.load(name), let path = TestModels.path(ofReference: name) else { return }
        let checkpoint = try Checkpoint(path: FilePath(path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        var model = Transformer(
            configuration: configuration, weights: try TransformerWeights(of: checkpoint, configuration))
        if let adapter = TestModels.adapterPath(ofReference: name) {
            model = try model.adapted(by: LoRAAdapter(path: FilePath(adapter)))
        }
        let activations = Activations(configuration: configuration, tokenCapacity: 512, samplingCapacity: 1)
        for expected in golden.cases {
            let cache = KVCache(pool: model.makePagePool())
            let hiddenStates = model.forward(
                [SequenceChunk(tokens: expected.promptIds[...], cache: cache)], activations: activations)
            let logits = model.logits(
                ofRows: [expected.promptIds.count - 1], in: hiddenStates, activations: activations
            ).row(0)
            let head = Array(logits.prefix(expected.firstLogitsHead.count))
            #expect(relativeL2(head, expected.firstLogitsHead) <= bound)
            #expect(cosine(head, expected.firstLogitsHead) >= 0.99999)
            let norm = logits.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm / Double(expected.firstLogitsNorm) - 1) <= bound)
        }
    }
}
