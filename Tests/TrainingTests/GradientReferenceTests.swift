import TensorGradients
import Tensors
import TestSupport
import Testing
import Training
import Transformer

/// A loss over pooled states and tokens, as PyTorch computed it.
private struct ContrastiveGolden: Decodable {
    let checkpoint: String
    let poolingStart: Int
    let temperature: Double
    let tokenTemperature: Double
    let anchors: [[Int32]]
    let candidates: [[Int32]]
    let contrastiveLoss: Double
    let tokenLoss: Double
}

private struct AdapterGolden: Decodable {
    let checkpoint: String
    let adapter: String
    let loss: Double
    /// Where products with the base are computed in bfloat16.
    let lossRounded: Double
}

@Suite("Gradients of other losses against PyTorch (Reference)")
struct GradientReferenceTests {
    @Test(
        "InfoNCE over pooled states and a loss of tokens give every architecture's parameters their gradients",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"], [KeptActivations.products, .streams])
    func contrastive(name: String, kept: KeptActivations) throws {
        guard let golden: ContrastiveGolden = try decodeReference("contrastive/\(name).json"),
            let model = try TrainableModel.reference(golden.checkpoint)
        else { return }
        let pass = TrainingPass(model: model, tokenCapacity: 2048, logitRows: 50, workerCount: 2, keeping: kept)
        var packed = PackedTokens()
        let segments = (golden.anchors + golden.candidates).map { packed.append($0) }
        let pooled = segments.map { Array(packed.rows(of: $0).dropFirst(golden.poolingStart)) }
        pass.forward(packed)
        pass.clearHiddenGradient()
        let vectors = pooled.map(pass.pool)
        let outcome = ContrastiveLoss.loss(
            anchors: Array(vectors[..<3]), candidates: Array(vectors[3...]),
            pairs: (0..<3).map { .init(anchor: $0, positive: $0) }, temperature: golden.temperature)
        #expect(abs(outcome.loss - golden.contrastiveLoss) <= 1e-4)
        for (rows, gradient) in zip(pooled, outcome.anchorGradients + outcome.candidateGradients) {
            pass.addGradient(gradient, overMeanOf: rows)
        }
        let targets = zip(segments, golden.anchors).flatMap { segment, tokens -> [TokenTarget] in
            zip(packed.rows(of: segment), tokens.dropFirst()).map { TokenTarget(row: $0, token: $1) }
        }
        let scores = pass.score(targets, temperature: Float(golden.tokenTemperature)) { _, _ in
            TokenScoreGradient(logProbability: -1 / Float(targets.count))
        }
        let loss = -scores.reduce(0) { $0 + Double($1.logProbability) } / Double(targets.count)
        #expect(abs(loss - golden.tokenLoss) <= 1e-4)
        pass.backward()
        try model.expectGradients(referenceTensors("contrastive/\(name).safetensors", "grad."))
    }

    /// Rounding is discrete: sums in another order round to the other side now and then.
    private static let bases = [(Precision.float32, "", 1e-4), (.bfloat16, "_rounded", 0.01)]

    @Test(
        "The factors of an adapter, beside weights that stay as they are, in float32 and in bfloat16",
        arguments: [KeptActivations.products, .streams], bases)
    func adapter(kept: KeptActivations, base: (precision: Precision, suffix: String, bound: Double)) throws {
        guard let golden: AdapterGolden = try decodeReference("lora_gradient.json"),
            let sequences = try PolicyGradientGolden.load()?.sequences,
            let model = try adapted(golden, precision: base.precision)
        else { return }
        let loss = try backward(model, sequences, keeping: kept)
        #expect(abs(loss - (base.precision == .float32 ? golden.loss : golden.lossRounded)) <= base.bound)
        let expected = try referenceTensors("lora_gradient.safetensors", "grad\(base.suffix).")
        try model.expectGradients(expected, within: base.bound)
    }

    /// The model of a golden with the factors that PyTorch began with; nil where it was not made.
    private func adapted(_ golden: AdapterGolden, precision: Precision) throws -> TrainableModel? {
        guard let base = try Transformer.reference(golden.checkpoint, precision: precision) else { return nil }
        let model = try TrainableModel(training: AdapterSettings(rank: 4, alpha: 8), beside: base, seed: 1)
        let values = try referenceTensors("\(golden.adapter)/adapter_model.safetensors", "")
        for parameter in model.parameters {
            for tensor in parameter.tensors {
                let start = tensor.rows.lowerBound * parameter.value.matrix.columns
                for (index, value) in try #require(values[tensor.name]).enumerated() {
                    parameter.value.elements[start + index] = value
                }
            }
        }
        try model.refresh()
        return model
    }

    /// Runs the sequences forward and back, in several micro-batches.
    ///
    /// - Returns: the mean over tokens of the advantage times the logarithm of the token's probability, negative.
    private func backward(
        _ model: TrainableModel, _ sequences: [PolicyGradientGolden.Sequence], keeping kept: KeptActivations
    ) throws -> Double {
        let pass = TrainingPass(model: model, tokenCapacity: 2048, keeping: kept)
        let batches = try MicroBatch.pack(
            sequences.map {
                TrainingSequence(
                    prompt: $0.promptIds, poolingStart: 1, rationale: $0.responseIds.dropLast(),
                    stopToken: $0.responseIds.last)
            }, sharedPrefix: [sequences[0].promptIds[0]], capacity: 400)
        #expect(batches.count > 1)
        let count = sequences.reduce(0) { $0 + $1.responseIds.count }
        var loss = 0.0
        model.clearGradients()
        for batch in batches {
            let advantages = batch.members.flatMap { member in
                member.targets.map { _ in sequences[member.sequence].advantage }
            }
            pass.forward(batch.tokens)
            pass.clearHiddenGradient()
            let scores = pass.score(batch.members.flatMap(\.targets), temperature: 1) { target, _ in
                TokenScoreGradient(logProbability: Float(-advantages[target] / Double(count)))
            }
            for (score, advantage) in zip(scores, advantages) {
                loss -= advantage * Double(score.logProbability) / Double(count)
            }
            pass.backward()
        }
        return loss
    }
}
