import TensorGradients
import Tensors
import TestSupport
import Testing
import Training
import Transformer

/// A mini-batch of policy gradient as PyTorch computed it.
struct PolicyGradientGolden: Decodable {
    struct Sequence: Decodable {
        let promptIds: [Int32]
        let responseIds: [Int32]
        let advantage: Double
        let oldLogprob: [Double]
        let referenceLogprob: [Double]
        let logprob: [Double]
    }

    struct AdamWSteps: Decodable {
        struct Step: Decodable {
            let sequences: [Int]
            let loss: Double
            let gradientNormBeforeClipping: Double
        }

        let lr: Double
        let betas: [Double]
        let eps: Double
        let weightDecay: Double
        let steps: [Step]
    }

    let checkpoint: String
    let clipLow: Double
    let clipHigh: Double
    let dualClip: Double
    let klCoefficient: Double
    let loss: Double
    let gradientNormBeforeClipping: Double
    let maxGradientNorm: Double
    let adamw: AdamWSteps
    let sequences: [Sequence]

    static func load() throws -> PolicyGradientGolden? {
        try decodeReference("policy_gradient.json")
    }

    var policyGradient: PolicyGradient {
        PolicyGradient(
            clipLow: clipLow, clipHigh: clipHigh, dualClip: dualClip, divergenceCoefficient: klCoefficient)
    }
}

/// How the sequences of a mini-batch are packed.
enum Packing: CaseIterable {
    /// Each by itself.
    case apart
    /// Those of one prompt share it.
    case sharedPrompts
    /// Besides, all share what prompts begin with.
    case sharedPrefix
}

extension PolicyGradientGolden {
    /// The loss of some sequences, and its gradients added to the model's.
    func loss(of indices: [Int], _ pass: TrainingPass, _ packing: Packing) -> (loss: Double, scores: [[TokenScore]]) {
        let chosen = indices.map { sequences[$0] }
        var packed = PackedTokens()
        var prompts: [[Int32]: Int] = [:]
        let common = packing == .sharedPrefix ? commonPrefix(chosen.map(\.promptIds)) : []
        let prefix = common.isEmpty ? nil : packed.append(common)
        var targets: [TokenTarget] = []
        var tokens: [(sequence: Int, index: Int)] = []
        for (number, sequence) in chosen.enumerated() {
            let own = sequence.promptIds.dropFirst(common.count)
            let known = packing == .apart ? nil : prompts[sequence.promptIds]
            let prompt = known ?? packed.append(own, after: prefix)
            prompts[sequence.promptIds] = prompt
            let response = packed.append(sequence.responseIds, after: prompt)
            for (index, token) in sequence.responseIds.enumerated() {
                let row =
                    index == 0
                    ? packed.rows(of: prompt).upperBound - 1 : packed.rows(of: response).lowerBound + index - 1
                targets.append(TokenTarget(row: row, token: token))
                tokens.append((number, index))
            }
        }
        pass.forward(packed)
        pass.clearHiddenGradient()
        let count = Double(targets.count)
        func term(_ target: Int, _ score: TokenScore) -> PolicyGradient.Term {
            let (sequence, index) = tokens[target]
            return policyGradient.term(
                logProbability: Double(score.logProbability), old: chosen[sequence].oldLogprob[index],
                start: chosen[sequence].referenceLogprob[index], advantage: chosen[sequence].advantage)
        }
        let scores = pass.score(targets, temperature: 1) { target, score in
            TokenScoreGradient(logProbability: Float(term(target, score).gradient / count))
        }
        pass.backward()
        let loss = scores.enumerated().reduce(0) { $0 + term($1.offset, $1.element).loss } / count
        var bySequence = [[TokenScore]](repeating: [], count: chosen.count)
        for (token, score) in zip(tokens, scores) { bySequence[token.sequence].append(score) }
        return (loss, bySequence)
    }

    private func commonPrefix(_ prompts: [[Int32]]) -> [Int32] {
        let shortest = prompts.map(\.count).min() ?? 0
        let first = prompts.first ?? []
        let count = (0..<max(shortest - 1, 0)).prefix { index in prompts.allSatisfy { $0[index] == first[index] } }
            .count
        return Array(first.prefix(count))
    }
}

@Suite("Policy gradient against PyTorch (Reference)")
struct PolicyGradientReferenceTests {
    @Test(
        "The loss, every log-probability and every parameter's gradient, however sequences are packed and kept",
        arguments: Packing.allCases, [KeptActivations.products, .streams])
    func gradients(packing: Packing, kept: KeptActivations) throws {
        guard let golden = try PolicyGradientGolden.load(), let model = try TrainableModel.reference(golden.checkpoint)
        else { return }
        let pass = TrainingPass(model: model, tokenCapacity: 2048, logitRows: 7, workerCount: 2, keeping: kept)
        let (loss, scores) = golden.loss(of: Array(golden.sequences.indices), pass, packing)
        #expect(abs(loss - golden.loss) <= 1e-5)
        for (sequence, scores) in zip(golden.sequences, scores) {
            #expect(
                relativeL2(scores.map(\.logProbability), sequence.logprob.map { Float($0) }) <= 1e-5)
        }
        try model.expectGradients(referenceTensors("policy_gradient.safetensors", "grad."))
        let squares = model.parameters.reduce(0.0) { $0 + $1.gradient.squareSum(on: pass.workers) }
        #expect(abs(squares.squareRoot() / golden.gradientNormBeforeClipping - 1) <= 1e-4)
    }

    @Test("The losses of ten clipped steps of AdamW, and what they change")
    func steps() throws {
        guard let golden = try PolicyGradientGolden.load(), let model = try TrainableModel.reference(golden.checkpoint)
        else { return }
        let pass = TrainingPass(model: model, tokenCapacity: 2048, logitRows: 64)
        let settings = golden.adamw
        let optimizer = Optimizer(
            model.parameters,
            adamW: AdamW(
                learningRate: settings.lr, beta1: settings.betas[0], beta2: settings.betas[1], epsilon: settings.eps,
                weightDecay: settings.weightDecay), maxGradientNorm: golden.maxGradientNorm)
        let before = model.parameters.map { Array($0.value.elements) }
        for step in settings.steps {
            model.clearGradients()
            let loss = golden.loss(of: step.sequences, pass, .sharedPrompts).loss
            #expect(abs(loss - step.loss) <= 1e-3 * max(1, abs(step.loss)))
            let norm = try optimizer.step(on: pass.workers)
            #expect(abs(norm / step.gradientNormBeforeClipping - 1) <= 1e-3)
        }
        let after = try referenceTensors("policy_gradient.safetensors", "after.")
        for (parameter, before) in zip(model.parameters, before) {
            let expected = try #require(after[parameter.tensors[0].name])
            let change = zip(parameter.value.elements, before).map { $0 - $1 }
            let distance = relativeL2(change, zip(expected, before).map { $0 - $1 })
            #expect(distance <= 1e-3, "\(parameter.tensors[0].name): \(distance)")
        }
    }
}
