import Tensors
import Transformer

/// One live request of the batch: its tokens, its cache and its running mean. Belongs to the generation thread.
final class LiveRow {
    let request: GenerationRequest
    let cache: KVCache
    let submittedAt: ContinuousClock.Instant
    let admittedAt = ContinuousClock.now
    private(set) var rationale: [TokenID] = []
    private var pool: MeanPool
    private var tokens: [TokenID]

    /// A row that takes from `prefix` what its prompt shares with it.
    init(
        request: GenerationRequest, cache: KVCache, prefix: SharedPrefix, channels: Int,
        submittedAt: ContinuousClock.Instant
    ) {
        self.request = request
        self.cache = cache
        self.submittedAt = submittedAt
        pool = MeanPool(channels: channels)
        tokens = request.prompt
        cache.adoptPrefix(of: prefix.cache, count: request.sharedTokenCount(with: prefix.tokens))
    }

    /// The next `count` tokens to run.
    func chunk(_ count: Int) -> SequenceChunk {
        SequenceChunk(tokens: tokens[cache.count..<cache.count + count], cache: cache)
    }

    /// Pools the hidden states of the `count` tokens that were run last, rows from `firstRow` on.
    func pool(_ hiddenStates: Activation, firstRow: Int, count: Int) {
        let firstPosition = cache.count - count
        for offset in 0..<count where firstPosition + offset >= request.poolingStart {
            pool.add(hiddenStates, row: firstRow + offset)
        }
    }

    /// Whether all tokens so far were run and another may be written.
    var mayWrite: Bool { hasRunAll && rationale.count < request.maxRationaleTokens }

    /// Whether all tokens so far were run. The last one that is kept is run too: its state belongs to the mean.
    var hasRunAll: Bool { cache.count == tokens.count }

    func write(_ token: TokenID) {
        rationale.append(token)
        tokens.append(token)
    }

    /// What the row has come to; a mean that is not finite is an error.
    func result(_ reason: FinishReason) -> Result<GenerationResult, EngineError> {
        let mean = pool.mean
        guard mean.allSatisfy(\.isFinite) else { return .failure(.notFinite(position: cache.count)) }
        return .success(
            GenerationResult(
                rationale: rationale, finishReason: reason, mean: mean, queueTime: admittedAt - submittedAt,
                inferenceTime: ContinuousClock.now - admittedAt))
    }
}

/// The tokens before `poolingStart`, the same for every request of a checkpoint, with their keys and values.
struct SharedPrefix {
    let tokens: [TokenID]
    let cache: KVCache
}
