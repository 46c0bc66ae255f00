import Tensors
import Transformer

/// The live rows and the model's buffers: what the generation thread alone touches.
final class GenerationLoop {
    /// What a step did to one of its requests.
    enum Event {
        /// Part of a prompt was run.
        case ran
        /// A token was written; it is yet to be run.
        case wrote
        case ended(Result<GenerationResult, EngineError>)
    }

    private let model: Transformer
    private let stopTokens: Set<TokenID>
    private let activations: Activations
    private let pagePool: KeyValuePagePool
    private let sampler = Sampler()
    private let prefix: SharedPrefix
    private var rows: [BatchScheduler.RequestID: LiveRow] = [:]

    init(model: Transformer, configuration: GenerationEngine.Configuration) {
        self.model = model
        stopTokens = configuration.stopTokens
        activations = Activations(
            configuration: model.configuration, tokenCapacity: configuration.limits.maxStepTokens,
            samplingCapacity: configuration.limits.maxLiveRequests, workerCount: configuration.workers)
        let tokens = configuration.sharedPrefix
        pagePool = model.makePagePool()
        let cache = KVCache(pool: pagePool)
        prefix = SharedPrefix(tokens: tokens, cache: cache)
        while cache.count < tokens.count {
            let end = min(tokens.count, cache.count + activations.tokenCapacity)
            _ = model.forward(
                [SequenceChunk(tokens: tokens[cache.count..<end], cache: cache)], activations: activations)
        }
    }

    func addRow(_ id: BatchScheduler.RequestID, _ request: GenerationRequest, submittedAt: ContinuousClock.Instant) {
        rows[id] = LiveRow(
            request: request,
            cache: KVCache(pool: pagePool), prefix: prefix,
            channels: model.configuration.hiddenSize, submittedAt: submittedAt)
    }

    /// The requests that have a row.
    var requests: [BatchScheduler.RequestID] { Array(rows.keys) }

    func removeRows(_ requests: [BatchScheduler.RequestID]) {
        for request in requests {
            rows[request] = nil
        }
    }

    /// Runs the tokens of every row in one forward pass, pools their states, and writes a token for each row that is
    /// ready. One event for each piece of work, in order.
    func run(_ work: [BatchScheduler.Work]) -> [Event] {
        let pieces = work.map { piece in
            guard let row = rows[piece.request] else { preconditionFailure("work for a request that has no row") }
            return (row: row, count: piece.tokenCount)
        }
        let hiddenStates = model.forward(pieces.map { $0.row.chunk($0.count) }, activations: activations)
        var writingStates: [Int] = []
        var draws: [Sampler.Draw] = []
        var firstRow = 0
        for (row, count) in pieces {
            row.pool(hiddenStates, firstRow: firstRow, count: count)
            firstRow += count
            if row.mayWrite {
                writingStates.append(firstRow - 1)
                draws.append(Sampler.Draw(settings: row.request.sampling, index: row.rationale.count))
            }
        }
        let logits = model.logits(ofRows: writingStates, in: hiddenStates, activations: activations)
        var tokens = sampler.sample(draws, fromRowsOf: logits, on: activations.workers)[...]
        return pieces.map { row, _ in
            guard row.hasRunAll else { return .ran }
            guard row.mayWrite else { return .ended(row.result(.length)) }
            return write(tokens.removeFirst(), row)
        }
    }

    private func write(_ token: TokenID?, _ row: LiveRow) -> Event {
        guard let token else { return .ended(.failure(.notFinite(position: row.cache.count))) }
        guard !stopTokens.contains(token) else { return .ended(row.result(.stop)) }
        row.write(token)
        return .wrote
    }
}
