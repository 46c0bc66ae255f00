import Datasets
import RandomNumbers
import Ranks
import TensorGradients
import Tensors
import Transformer

/// The updates of one step of contrastive learning: a query is to be nearer to its own text than to others and to its negative;
/// a text alone is to be near to itself, read with other numbers dropped (SimCSE, Gao et al. 2021).
struct ContrastiveStep {
    let settings: TrainingSettings
    let pass: TrainingPass
    let sharedPrefix: [TokenID]
    let model: TrainableModel
    let optimizer: Optimizer
    /// What keeps other abilities in the update of some of the examples; nil where nothing does.
    let preservation: (Range<Int>) throws(TrainingError) -> Preservation?
    /// Of this step.
    let seed: UInt64
    let ranks: any Ranks

    /// What is pooled of one example.
    struct Texts {
        let query: TrainingSequence
        let main: TrainingSequence
        let negative: TrainingSequence?
    }

    func run(_ examples: [Texts], kind: DatasetKind) throws(TrainingError) -> StepMetrics {
        var losses: [Double] = []
        var norms: [Double] = []
        var accuracies: [Double] = []
        var preservationLosses: [Double] = []
        var tokenCount = 0
        for first in stride(from: 0, to: examples.count, by: settings.promptsPerUpdate) {
            let update = examples[first..<min(first + settings.promptsPerUpdate, examples.count)]
            let queries = update.map(\.query)
            let candidates = update.map(\.main) + update.compactMap(\.negative)
            let texts = queries + candidates
            let preserved = try preservation(update.indices)
            let pairs = update.indices.map { ContrastiveLoss.Pair(anchor: $0 - first, positive: $0 - first) }
            var accuracy = 0.0
            model.clearGradients()
            let outcome = try MiniBatchPass(
                pass: pass, sharedPrefix: sharedPrefix, dropout: dropout(kind, update: first), ranks: ranks
            ).run(
                texts + (preserved?.sequences ?? []), temperature: Float(settings.rollouts.temperature),
                tokenGradient: preserved.map { preserved in
                    // No text has tokens that count.
                    { preserved.gradient($0 - texts.count, $1, $2) }
                }
            ) { vectors in
                let outcome = ContrastiveLoss.loss(
                    anchors: Array(vectors[..<queries.count]),
                    candidates: Array(vectors[queries.count..<texts.count]), pairs: pairs,
                    temperature: settings.contrastiveTemperature)
                accuracy = outcome.accuracy
                return (outcome.loss, outcome.anchorGradients + outcome.candidateGradients)
            }
            if let preserved { preservationLosses.append(preserved.loss(outcome.scores[texts.count...])) }
            norms.append(try optimizer.step(on: pass.workers))
            try model.refresh()
            losses.append(outcome.pooledLoss)
            accuracies.append(accuracy)
            tokenCount += outcome.tokenCount
        }
        var metrics = StepMetrics()
        metrics["contrastive_loss"] = MeanAndError(losses).mean
        metrics["contrastive_accuracy"] = MeanAndError(accuracies).mean
        if !preservationLosses.isEmpty {
            metrics["preservation_loss"] = MeanAndError(preservationLosses).mean
        }
        metrics["gradient_norm"] = MeanAndError(norms).mean
        metrics["trained_tokens"] = Double(tokenCount)
        return metrics
    }

    /// A text that is its own positive is told apart by what is dropped alone.
    private func dropout(_ kind: DatasetKind, update: Int) -> StepDropout? {
        let updateRate = kind == .texts ? settings.dropout : 0
        guard updateRate > 0 || settings.adapterDropout > 0 else { return nil }
        return StepDropout(
            updateRate: Float(updateRate), adapterRate: Float(settings.adapterDropout),
            seed: SplitMix64.mixed(seed &+ UInt64(update)))
    }
}
