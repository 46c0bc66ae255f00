import Tensors
import Transformer

/// One live request of the batch: its tokens, its cache and its running mean. Belongs to the generation thread.
final class LiveRow {
    let request: GenerationRequest
    let submittedAt: ContinuousClock.Instant
    let admittedAt = ContinuousClock.now
    private(set) var rationale: [TokenID] = []
    private var logProbabilities: [Float] = []
    /// Guesses of the tokens after those that are known.
    private(set) var draft: [TokenID] = []
    private var cache: KVCache
    private var pool: MeanPool
    /// The pool as it was before the prompt's last token: what rows with the same prompt begin with.
    private var promptPool: MeanPool?
    /// What was pooled, one by one, `[tokens, channels]`; empty unless the request wants it.
    private var tokenStates: [Float] = []
    /// How the mean moves while the rationale is written; nil where nobody asks.
    private var windows: MeanWindows?
    private var tokens: [TokenID]
    /// Tokens that were run: behind them the cache holds guesses, until they are accepted or discarded.
    private var runCount: Int
    private var lookup = PromptLookup()
    private var draftedCount = 0
    private var acceptedCount = 0

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
        windows = MeanWindows(request)
        runCount = request.sharedTokenCount(with: prefix.tokens)
        cache.adoptPrefix(of: prefix.cache, count: runCount)
        // Once and for all: an array that grows holds twice what it needs for a while.
        if request.wantsTokenStates { tokenStates.reserveCapacity(request.pooledTokenLimit * channels) }
    }

    /// Takes over the prompt, but for its last token, from a row of the same prompt that has run it.
    ///
    /// - Parameter cache: empty.
    /// - Precondition: nothing of this row was run.
    func adoptPrompt(of leader: LiveRow, cache: KVCache) {
        guard let promptPool = leader.promptPool, leader.request.prompt == request.prompt, rationale.isEmpty else {
            preconditionFailure("a prompt that is another one, or was not run")
        }
        pool = promptPool
        self.promptPool = promptPool
        runCount = request.prompt.count - 1
        if request.wantsTokenStates {
            precondition(leader.request.wantsTokenStates, "a prompt without its states")
            let channels = promptPool.channels
            tokenStates += leader.tokenStates.prefix((runCount - request.poolingStart) * channels)
        }
        cache.adoptPrefix(of: leader.cache, count: runCount)
        self.cache = cache
    }

    /// The next `count` tokens to run, and `draftCount` guesses after them.
    func chunk(_ count: Int, draftCount: Int) -> SequenceChunk {
        let known = tokens[runCount..<runCount + count]
        draftedCount += draftCount
        return SequenceChunk(tokens: draftCount == 0 ? known : known + draft.prefix(draftCount), cache: cache)
    }

    /// How many positions the next `count` tokens look at, each at all up to its own.
    func attended(by count: Int) -> Int {
        count * runCount + count * (count + 1) / 2
    }

    /// Notes that the next `count` tokens were run, and pools their states, rows from `firstRow` on.
    func ran(_ count: Int, _ hiddenStates: Activation, firstRow: Int) {
        for offset in 0..<count {
            if runCount + offset == request.prompt.count - 1 { promptPool = pool }
            if runCount + offset >= request.poolingStart { add(hiddenStates, row: firstRow + offset) }
        }
        runCount += count
    }

    private func add(_ hiddenStates: Activation, row: Int) {
        pool.add(hiddenStates, row: row)
        if request.wantsTokenStates { tokenStates += hiddenStates.row(row) }
        windows?.look(at: pool)
    }

    /// Whether the rationale ends because the mean hardly moves any more.
    var isStable: Bool { windows?.isStable ?? false }

    /// Whether all tokens so far were run and another may be written.
    var mayWrite: Bool { hasRunAll && unwrittenCount > 0 && !isStable }

    /// Whether all tokens so far were run. The last one that is kept is run too: its state belongs to the mean.
    var hasRunAll: Bool { runCount == tokens.count }

    /// Tokens that may still be written.
    var unwrittenCount: Int { request.maxRationaleTokens - rationale.count }

    func write(_ choice: Sampler.Choice) {
        note(choice)
        rationale.append(choice.token)
        tokens.append(choice.token)
    }

    private func note(_ choice: Sampler.Choice) {
        if request.wantsLogProbabilities, let logProbability = choice.logProbability {
            logProbabilities.append(logProbability)
        }
    }

    /// Notes that the token written last is the guess whose state is row `row`.
    func accept(_ hiddenStates: Activation, row: Int) {
        acceptedCount += 1
        ran(1, hiddenStates, firstRow: row)
    }

    /// Takes the guesses off the cache that were not what was written.
    func discardDraft() {
        draft = []
        cache.truncate(to: runCount)
    }

    /// Guesses up to `limit` of the tokens that are to come.
    func makeDraft(limit: Int) {
        draft = lookup.draft(after: tokens, limit: min(limit, unwrittenCount))
    }

    /// What the row has come to: the limit, or the token that ends it. A mean that is not finite is an error.
    func result(endedBy stop: Sampler.Choice? = nil) -> Result<GenerationResult, EngineError> {
        if let stop { note(stop) }
        let mean = pool.mean
        guard mean.allSatisfy(\.isFinite) else { return .failure(notFinite) }
        return .success(
            GenerationResult(
                rationale: rationale, finishReason: stop != nil ? .stop : isStable ? .stable : .length,
                stopToken: stop?.token, logProbabilities: logProbabilities, mean: mean, tokenStates: tokenStates,
                trace: windows?.trace(to: mean) ?? [], draftedTokenCount: draftedCount,
                acceptedTokenCount: acceptedCount, queueTime: admittedAt - submittedAt,
                inferenceTime: ContinuousClock.now - admittedAt))
    }

    /// That what was computed of the tokens so far is not a number.
    var notFinite: EngineError { .notFinite(position: runCount) }
}

/// The tokens before `poolingStart`, the same for every request of a checkpoint, with their keys and values.
struct SharedPrefix {
    let tokens: [TokenID]
    let cache: KVCache
}
