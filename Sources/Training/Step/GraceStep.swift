import Datasets
import TensorGradients
import Tensors
import Transformer

/// The updates of one step of policy gradient: of rollouts that are rewarded already.
struct GraceStep {
    let settings: TrainingSettings
    let pass: MiniBatchPass
    let model: TrainableModel
    let optimizer: Optimizer
    /// Scores under the model that training began with; nil where the divergence does not count.
    let startScores: (([TrainingSequence]) throws(TrainingError) -> [[TokenScore]])?
    /// What keeps other abilities in the update of some of the examples; nil where nothing does.
    let preservation: (Range<Int>) throws(TrainingError) -> Preservation?

    /// A rollout and what it was better than its group.
    private struct Judged {
        let rollout: Rollout
        let advantage: Double
    }

    /// Sums over the tokens of a step.
    private struct Sums {
        var tokens = 0
        var loss = 0.0
        var clipped = 0
        var entropy = 0.0
        var divergence = 0.0
        var gap = 0.0
        var gapTokens = 0
        var gradientNorms: [Double] = []
        var pooledLoss = 0.0
        var preservationLosses: [Double] = []
        var runTokens = 0
    }

    /// Updates the model by the examples' rollouts, `promptsPerUpdate` examples at a time.
    ///
    /// - Parameter advantages: of the rollouts, by example.
    func run(_ examples: [ExampleRollouts], advantages: [[Double]]) throws(TrainingError) -> StepMetrics {
        let groups = zip(examples, advantages).map { example, advantages in
            zip(example.main, advantages).map { Judged(rollout: $0, advantage: $1) }
        }
        let starts = Array(stride(from: 0, to: examples.count, by: settings.promptsPerUpdate))
        let updates = starts.map { $0..<min($0 + settings.promptsPerUpdate, examples.count) }
        // Of the first update the model before it is the model itself: its own forward pass gives the old scores.
        var oldScores: [[[TokenScore]]?] = [nil]
        for update in updates.dropFirst() {
            oldScores.append(try scores(of: groups[update].flatMap { $0 }))
        }
        var sums = Sums()
        for (index, update) in updates.enumerated() {
            try run(
                groups[update].flatMap { $0 }, Array(examples[update]), old: oldScores[index],
                preserved: try preservation(update), &sums)
        }
        return metrics(sums)
    }

    private func scores(of judged: [Judged]) throws(TrainingError) -> [[TokenScore]] {
        try pass.scores(judged.map(\.rollout.sequence), temperature: Float(settings.rollouts.temperature))
    }

    private func run(
        _ judged: [Judged], _ examples: [ExampleRollouts], old: [[TokenScore]]?, preserved: Preservation?,
        _ sums: inout Sums
    ) throws(TrainingError) {
        let hasDivergence = settings.policyGradient.divergenceCoefficient != 0
        // Where nothing but the advantage gives a gradient, what has none is left out.
        let isComplete =
            settings.objective.hasContrastiveLoss || hasDivergence
            || settings.policyGradient.entropyCoefficient != 0
        let indices = judged.indices.filter { isComplete || judged[$0].advantage != 0 }
        let tokenCount = judged.reduce(0) { $0 + $1.rollout.sequence.chosenTokens.count }
        let run = indices.map { judged[$0] }
        let sequences = run.map(\.rollout.sequence)
        let start = hasDivergence ? try startScores?(sequences) : nil
        let policy = settings.policyGradient
        func term(_ sequence: Int, _ token: Int, _ score: TokenScore) -> PolicyGradient.Term {
            policy.term(
                logProbability: Double(score.logProbability),
                old: Double(old?[indices[sequence]][token].logProbability ?? score.logProbability),
                start: start.map { Double($0[sequence][token].logProbability) }, advantage: run[sequence].advantage)
        }
        let others = settings.objective.hasContrastiveLoss ? ContrastedRollouts(examples, settings) : nil
        let read = sequences + (others?.sequences ?? [])
        model.clearGradients()
        let outcome = try pass.run(
            read + (preserved?.sequences ?? []), temperature: Float(settings.rollouts.temperature),
            tokenGradient: { sequence, token, score in
                guard sequence < run.count else {
                    return sequence < read.count
                        ? .zero : preserved?.gradient(sequence - read.count, token, score) ?? .zero
                }
                return TokenScoreGradient(
                    logProbability: Float(term(sequence, token, score).gradient / Double(tokenCount)),
                    entropy: Float(-policy.entropyCoefficient / Double(tokenCount)))
            }, pooledLoss: others.map { others in { others.loss(pooled: $0) } })
        sums.gradientNorms.append(try optimizer.step(on: pass.pass.workers))
        try model.refresh()
        sums.pooledLoss += outcome.pooledLoss
        if let preserved { sums.preservationLosses.append(preserved.loss(outcome.scores[read.count...])) }
        sums.runTokens += outcome.tokenCount
        for (sequence, scores) in outcome.scores.prefix(run.count).enumerated() {
            let rollout = run[sequence].rollout
            for (token, score) in scores.enumerated() {
                let term = term(sequence, token, score)
                sums.tokens += 1
                sums.loss += term.loss
                sums.clipped += term.isClipped ? 1 : 0
                sums.entropy += Double(score.entropy)
                sums.divergence += term.divergence
                // The engine's numbers are of the model before all updates.
                if old == nil, token < rollout.engineLogProbabilities.count {
                    sums.gap += abs(Double(rollout.engineLogProbabilities[token]) - Double(score.logProbability))
                    sums.gapTokens += 1
                }
            }
        }
    }

    private func metrics(_ sums: Sums) -> StepMetrics {
        let tokens = Double(max(sums.tokens, 1))
        var metrics = StepMetrics()
        metrics["loss"] = sums.loss / tokens
        if settings.objective.hasContrastiveLoss {
            metrics["contrastive_loss"] = sums.pooledLoss / Double(max(sums.gradientNorms.count, 1))
        }
        if !sums.preservationLosses.isEmpty {
            metrics["preservation_loss"] = MeanAndError(sums.preservationLosses).mean
        }
        metrics["gradient_norm"] = MeanAndError(sums.gradientNorms).mean
        metrics["clip_fraction"] = Double(sums.clipped) / tokens
        metrics["entropy"] = sums.entropy / tokens
        if settings.policyGradient.divergenceCoefficient != 0 { metrics["kl_to_start"] = sums.divergence / tokens }
        metrics["rollout_gap"] = sums.gap / Double(max(sums.gapTokens, 1))
        metrics["trained_tokens"] = Double(sums.runTokens)
        return metrics
    }
}

/// The rollouts of an update as a contrastive loss sees them: each query is to find all rollouts of its own text among those
/// of all texts, and the negatives.
struct ContrastedRollouts {
    /// Queries and negatives, which come after the rollouts that are trained.
    let sequences: [TrainingSequence]
    private let pairs: [ContrastiveLoss.Pair]
    private let mainCount: Int
    private let queryCount: Int
    private let settings: TrainingSettings

    init(_ examples: [ExampleRollouts], _ settings: TrainingSettings) {
        self.settings = settings
        let queries = examples.map(\.query.sequence)
        sequences = queries + examples.compactMap { $0.negative?.sequence }
        mainCount = examples.reduce(0) { $0 + $1.main.count }
        queryCount = queries.count
        var pairs: [ContrastiveLoss.Pair] = []
        var first = 0
        for (anchor, example) in examples.enumerated() {
            let own = first..<first + example.main.count
            pairs += own.map { positive in
                ContrastiveLoss.Pair(anchor: anchor, positive: positive, excluded: Set(own).subtracting([positive]))
            }
            first = own.upperBound
        }
        self.pairs = pairs
    }

    /// - Parameter vectors: of the rollouts that are trained, then of ``sequences``, then of what is not contrasted.
    func loss(pooled vectors: [[Float]]) -> (loss: Double, gradients: [[Float]]) {
        let queries = mainCount..<mainCount + queryCount
        let contrasted = vectors[..<(mainCount + sequences.count)]
        let candidates = Array(contrasted[..<mainCount] + contrasted[queries.upperBound...])
        let outcome = ContrastiveLoss.loss(
            anchors: Array(vectors[queries]), candidates: candidates, pairs: pairs,
            temperature: settings.contrastiveTemperature)
        let weight = Float(settings.contrastiveWeight)
        let gradients =
            outcome.candidateGradients[..<mainCount] + outcome.anchorGradients
            + outcome.candidateGradients[mainCount...]
        return (outcome.loss, gradients.map { $0.map { $0 * weight } })
    }
}
