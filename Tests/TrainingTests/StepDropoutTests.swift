import TensorGradients
import Tensors
import TestSupport
import Testing
import Training
import Transformer

/// A loss over tokens and a pooled state of two sequences with a prompt in common, under dropout.
private struct DroppedLoss {
    let model: TrainableModel
    let pass: TrainingPass
    let batch: MicroBatch
    let direction: [Float]
    var dropout: StepDropout?

    init(_ model: TrainableModel, dropout: StepDropout?, kept: KeptActivations) throws {
        self.model = model
        self.dropout = dropout
        pass = TrainingPass(model: model, tokenCapacity: 64, workerCount: 2, keeping: kept)
        var generator = SeededGenerator(seed: 2)
        let sequences = (0..<2).map { _ in
            TrainingSequence(
                prompt: [3, 4, 5, 6], poolingStart: 2,
                rationale: (0..<9).map { _ in TokenID.random(in: 10..<500, using: &generator) }, stopToken: 511)
        }
        batch = try MicroBatch.pack(sequences, sharedPrefix: [3, 4], capacity: 64)[0]
        direction = (0..<model.transformer.configuration.hiddenSize).map { _ in
            Float.random(in: -1...1, using: &generator)
        }
    }

    /// - Parameter goesBack: whether gradients are added.
    func value(goesBack: Bool = false) -> Double {
        pass.forward(batch.tokens, dropout: dropout)
        pass.clearHiddenGradient()
        var loss = 0.0
        for member in batch.members {
            let vector = pass.pool(member.pooledRows)
            loss += zip(vector, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
            if goesBack { pass.addGradient(direction, overMeanOf: member.pooledRows) }
        }
        let targets = batch.members.flatMap(\.targets)
        let scores = pass.score(
            targets, temperature: 1, gradient: goesBack ? { _, _ in TokenScoreGradient(logProbability: -0.2) } : nil)
        loss -= scores.reduce(0) { $0 + 0.2 * Double($1.logProbability) }
        if goesBack { pass.backward() }
        return loss
    }

    /// Compares the gradient of each parameter, along itself, with a difference of the loss.
    func expectGradients() throws {
        model.clearGradients()
        let loss = value(goesBack: true)
        // Beside other tests OpenBLAS may share its work otherwise, which the last bits show.
        #expect(abs(value() - loss) <= 1e-6 * abs(loss), "the same seed drops the same")
        for parameter in model.parameters {
            let before = Array(parameter.value.elements)
            let gradient = parameter.gradient.elements.map { Double($0) }
            let length = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let size = before.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            let name = parameter.tensors[0].name
            // A bias of keys moves all scores of a query alike: it has no gradient.
            guard length > 1e-3 else { continue }
            let step = min(0.005 * max(size, 0.1), 0.02 / length)
            func moved(_ factor: Double) throws -> Double {
                for index in before.indices {
                    parameter.value.elements[index] = before[index] + Float(factor * gradient[index] / length)
                }
                try model.refresh()
                return value()
            }
            let difference = try (moved(step) - moved(-step)) / (2 * step)
            _ = try moved(0)
            #expect(abs(difference - length) <= 0.02 * length + 4e-6 / step, "\(name): \(difference), \(length)")
        }
    }
}

@Suite("Gradients of what is dropped")
struct StepDropoutTests {
    private static func adapted(_ base: Transformer) throws -> TrainableModel {
        let model = try TrainableModel(training: AdapterSettings(rank: 3, alpha: 6), beside: base, seed: 4)
        // B is 0 at first, and A then has no gradient.
        var generator = SeededGenerator(seed: 5)
        for parameter in model.parameters {
            for index in parameter.value.elements.indices where parameter.value.elements[index] == 0 {
                parameter.value.elements[index] = Float.random(in: -0.2...0.2, using: &generator)
            }
        }
        try model.refresh()
        return model
    }

    @Test("Of all weights, with and without", arguments: [0, 0.2] as [Float], [KeptActivations.products, .streams])
    func weights(rate: Float, kept: KeptActivations) throws {
        guard let model = try TrainableModel.reference("tiny-qwen2") else { return }
        let dropout = rate > 0 ? StepDropout(updateRate: rate, seed: 7) : nil
        try DroppedLoss(model, dropout: dropout, kept: kept).expectGradients()
    }

    @Test(
        "Of an adapter, whose input is dropped too", arguments: [(0, 0.3), (0.2, 0.3)] as [(Float, Float)],
        [KeptActivations.products, .streams])
    func adapter(rates: (update: Float, adapter: Float), kept: KeptActivations) throws {
        guard let base = try Transformer.reference("tiny-qwen2") else { return }
        let dropout = StepDropout(updateRate: rates.update, adapterRate: rates.adapter, seed: 7)
        try DroppedLoss(Self.adapted(base), dropout: dropout, kept: kept).expectGradients()
    }

    @Test("Another seed drops others, and either rate changes the loss by itself")
    func seeds() throws {
        guard let base = try Transformer.reference("tiny-qwen2") else { return }
        var loss = try DroppedLoss(Self.adapted(base), dropout: nil, kept: .products)
        var values = Set([loss.value()])
        for dropout in [
            StepDropout(updateRate: 0.2, seed: 1), StepDropout(updateRate: 0.2, seed: 2),
            StepDropout(adapterRate: 0.2, seed: 1), StepDropout(adapterRate: 0.2, seed: 2),
        ] {
            loss.dropout = dropout
            values.insert(loss.value())
        }
        #expect(values.count == 5)
        loss.dropout = StepDropout(seed: 1)
        #expect(values.contains(loss.value()), "rates of 0 drop nothing")
    }
}
