import Ranks
import TensorGradients
import Tensors
import Transformer

/// Forward and back over the sequences of one mini-batch, micro-batch by micro-batch: gradients add up in the parameters.
///
/// Each rank runs a part of the sequences. It is asked for all of them, and all comes out of it.
struct MiniBatchPass {
    let pass: TrainingPass
    let sharedPrefix: [TokenID]
    /// What is dropped of all sequences; which numbers are decides a sequence's index, and not its micro-batch.
    let dropout: StepDropout?
    let ranks: any Ranks

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
        /// Tokens that were run forward and back; those that several micro-batches begin with come once in each.
        var tokenCount = 0
    }

    /// The sequences that this rank runs: about as many tokens as others.
    private func share(of sequences: [TrainingSequence]) -> Range<Int> {
        guard ranks.count > 1 else { return sequences.indices }
        var last: [TokenID] = []
        let costs = sequences.map { sequence in
            defer { last = sequence.prompt }
            let isKnown = dropout == nil && sequence.prompt == last
            return (isKnown ? 0 : sequence.prompt.count - sequence.poolingStart) + sequence.rationale.count
        }
        return Shares.ranges(of: costs, among: ranks.count)[ranks.rank]
    }

    private func microBatches(_ sequences: ArraySlice<TrainingSequence>) throws(TrainingError) -> [MicroBatch] {
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
        let share = share(of: sequences)
        var scores = [[TokenScore]](repeating: [], count: sequences.count)
        for batch in try microBatches(sequences[share]) {
            pass.forward(batch.tokens)
            assign(pass.score(batch.members.flatMap(\.targets), temperature: temperature), batch, to: &scores)
        }
        return joined(scores, of: sequences)
    }

    /// Makes the gradients of a loss over tokens, of one over pooled states, or of both.
    ///
    /// - Precondition: those of the parameters are clear.
    func run(
        _ sequences: [TrainingSequence], temperature: Float, tokenGradient: TokenGradient?, pooledLoss: PooledLoss?
    ) throws(TrainingError) -> Outcome {
        let share = share(of: sequences)
        let batches = try microBatches(sequences[share])
        var outcome = Outcome(scores: [[TokenScore]](repeating: [], count: sequences.count))
        var pooledGradients: [[Float]] = []
        // A loss that compares all vectors needs them all before any gradient: those of several micro-batches are computed
        // twice (Gao et al. 2021).
        if let pooledLoss, batches.count != 1 {
            var vectors = [[Float]](repeating: [], count: sequences.count)
            for batch in batches {
                pass.forward(batch.tokens, dropout: dropout(in: batch))
                pool(batch, into: &vectors)
            }
            (outcome.pooledLoss, pooledGradients) = pooledLoss(joined(vectors[share]))
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
                    (outcome.pooledLoss, pooledGradients) = pooledLoss(joined(vectors[share]))
                }
                for member in batch.members where member.sequence < pooledGradients.count {
                    pass.addGradient(pooledGradients[member.sequence], overMeanOf: member.pooledRows)
                }
            }
            pass.backward()
            outcome.tokenCount += batch.tokens.tokens.count
        }
        outcome.tokenCount = ranks.total(outcome.tokenCount)
        if tokenGradient != nil { outcome.scores = joined(outcome.scores, of: sequences) }
        ranks.sum(pass.model.parameters.map(\.gradient.elements))
        return outcome
    }

    // MARK: - What other ranks run

    /// Vectors of all ranks.
    private func joined(_ vectors: ArraySlice<[Float]>) -> [[Float]] {
        guard ranks.count > 1 else { return Array(vectors) }
        let channels = pass.model.transformer.configuration.hiddenSize
        let all = ranks.joined(vectors.flatMap { $0 })
        return stride(from: 0, to: all.count, by: channels).map { Array(all[$0..<$0 + channels]) }
    }

    /// Scores of all ranks: of each sequence's tokens that the model chose.
    private func joined(_ scores: [[TokenScore]], of sequences: [TrainingSequence]) -> [[TokenScore]] {
        guard ranks.count > 1 else { return scores }
        let numbers = ranks.joined(scores.flatMap { $0.flatMap { [$0.logProbability, $0.entropy] } })
        var first = 0
        return sequences.map { sequence in
            let end = first + 2 * sequence.chosenTokens.count
            defer { first = end }
            return stride(from: first, to: end, by: 2).map {
                TokenScore(logProbability: numbers[$0], entropy: numbers[$0 + 1])
            }
        }
    }

    // MARK: - What this one runs

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
