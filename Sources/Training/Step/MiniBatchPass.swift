import TensorGradients
import Tensors
import Transformer

/// Forward and back over the sequences of one mini-batch, micro-batch by micro-batch: gradients add up in the parameters.
struct MiniBatchPass {
    let pass: TrainingPass
    let sharedPrefix: [TokenID]
    /// What is dropped of all sequences; which numbers are decides a sequence's index, and not its micro-batch.
    let dropout: StepDropout?

    /// How a loss changes with the score of a token: of a sequence's index, and the token's among those that the model chose.
    typealias TokenGradient = (_ sequence: Int, _ token: Int, TokenScore) -> TokenScoreGradient
    /// A loss over the pooled states of all sequences, `[sequences][channels]`, and its gradient by those of the first so many.
    /// Of the others there is none.
    typealias PooledLoss = ([[Float]]) -> (loss: Double, gradients: [[Float]])

    struct Outcome {
        /// Of the tokens that the model chose, by sequence; empty where they were not asked for.
        var scores: [[TokenScore]]
        /// Of the pooled states; 0 where there is none.
        var pooledLoss = 0.0
        /// Tokens that were run forward and back.
        var tokenCount = 0
    }

    private func microBatches(_ sequences: [TrainingSequence]) throws(TrainingError) -> [MicroBatch] {
        try MicroBatch.pack(
            sequences, sharedPrefix: sharedPrefix, sharesPrompts: dropout == nil, capacity: pass.tokenCapacity)
    }

    private func dropout(in batch: MicroBatch) -> StepDropout? {
        guard var dropout else { return nil }
        dropout.places = batch.places
        return dropout
    }

    /// Scores the tokens that the model chose, and keeps no gradient.
    func scores(_ sequences: [TrainingSequence], temperature: Float) throws(TrainingError) -> [[TokenScore]] {
        var scores = [[TokenScore]](repeating: [], count: sequences.count)
        for batch in try microBatches(sequences) {
            pass.forward(batch.tokens)
            assign(pass.score(batch.members.flatMap(\.targets), temperature: temperature), batch, to: &scores)
        }
        return scores
    }

    /// Adds the gradients of a loss over tokens, of one over pooled states, or of both.
    func run(
        _ sequences: [TrainingSequence], temperature: Float, tokenGradient: TokenGradient?, pooledLoss: PooledLoss?
    ) throws(TrainingError) -> Outcome {
        let batches = try microBatches(sequences)
        var outcome = Outcome(scores: [[TokenScore]](repeating: [], count: sequences.count))
        var pooledGradients: [[Float]] = []
        // A loss that compares all vectors needs them all before any gradient: those of several micro-batches are computed
        // twice (Gao et al. 2021).
        if let pooledLoss, batches.count > 1 {
            var vectors = [[Float]](repeating: [], count: sequences.count)
            for batch in batches {
                pass.forward(batch.tokens, dropout: dropout(in: batch))
                pool(batch, into: &vectors)
            }
            (outcome.pooledLoss, pooledGradients) = pooledLoss(vectors)
        }
        for batch in batches {
            pass.forward(batch.tokens, dropout: dropout(in: batch))
            pass.clearHiddenGradient()
            if let tokenGradient {
                score(batch, temperature: temperature, tokenGradient, &outcome.scores)
            }
            if let pooledLoss {
                if batches.count == 1 {
                    var vectors = [[Float]](repeating: [], count: sequences.count)
                    pool(batch, into: &vectors)
                    (outcome.pooledLoss, pooledGradients) = pooledLoss(vectors)
                }
                for member in batch.members where member.sequence < pooledGradients.count {
                    pass.addGradient(pooledGradients[member.sequence], overMeanOf: member.pooledRows)
                }
            }
            pass.backward()
            outcome.tokenCount += batch.tokens.tokens.count
        }
        return outcome
    }

    private func score(
        _ batch: MicroBatch, temperature: Float, _ gradient: @escaping TokenGradient, _ scores: inout [[TokenScore]]
    ) {
        let places = batch.members.flatMap { member in member.targets.indices.map { (member.sequence, $0) } }
        assign(
            pass.score(batch.members.flatMap(\.targets), temperature: temperature) { index, score in
                gradient(places[index].0, places[index].1, score)
            }, batch, to: &scores)
    }

    private func assign(_ flat: [TokenScore], _ batch: MicroBatch, to scores: inout [[TokenScore]]) {
        var rest = flat[...]
        for member in batch.members {
            scores[member.sequence] = Array(rest.prefix(member.targets.count))
            rest = rest.dropFirst(member.targets.count)
        }
    }

    private func pool(_ batch: MicroBatch, into vectors: inout [[Float]]) {
        for member in batch.members {
            vectors[member.sequence] = pass.pool(member.pooledRows)
        }
    }
}
