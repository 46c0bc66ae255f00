import Tensors
import Transformer

/// The live rows and the model's buffers: what the generation thread alone touches.
final class GenerationLoop {
    /// What a step did to one of its requests.
    enum Event {
        /// Part of a prompt was run.
        case ran
        /// At least one token was written, the last of which is yet to be run; so many are guessed to follow it.
        case wrote([TokenID], draftCount: Int)
        case ended(Result<GenerationResult, EngineError>)
    }

    private let model: Transformer
    private let stopTokens: Set<TokenID>
    private let speculation: Speculation?
    private let activations: Activations
    private let pagePool: KeyValuePagePool
    private let sampler = Sampler()
    private let prefix: SharedPrefix
    private var rows: [BatchScheduler.RequestID: LiveRow] = [:]
    private var newRowCount = 0
    /// Of the step that was run last.
    private(set) var stepTokens = StepTokens()
    /// Rows that were added for it.
    private(set) var stepAdmittedRows = 0

    init(model: Transformer, configuration: GenerationEngine.Configuration) {
        self.model = model
        stopTokens = configuration.stopTokens
        speculation = configuration.speculation
        activations = Activations(
            configuration: model.configuration, tokenCapacity: configuration.limits.maxStepTokens,
            samplingCapacity: Self.samplingCapacity(configuration.limits, configuration.speculation),
            workerCount: configuration.workers)
        let tokens = configuration.sharedPrefix
        pagePool = model.makePagePool()
        let cache = KVCache(pool: pagePool)
        prefix = SharedPrefix(tokens: tokens, cache: cache)
        while cache.count < tokens.count {
            let end = min(tokens.count, cache.count + activations.tokenCapacity)
            configuration.turns.take {
                _ = model.forward(
                    [SequenceChunk(tokens: tokens[cache.count..<end], cache: cache)], activations: activations)
            }
        }
    }

    func addRow(_ id: BatchScheduler.RequestID, _ request: GenerationRequest, submittedAt: ContinuousClock.Instant) {
        rows[id] = LiveRow(
            request: request,
            cache: KVCache(pool: pagePool), prefix: prefix,
            channels: model.configuration.hiddenSize, submittedAt: submittedAt)
        newRowCount += 1
    }

    /// Lets requests take a prompt over from one that has run it.
    func adoptPrompts(_ adoptions: [BatchScheduler.Adoption]) {
        for adoption in adoptions {
            guard let row = rows[adoption.request], let leader = rows[adoption.leader] else {
                preconditionFailure("a prompt of a request that has no row")
            }
            row.adoptPrompt(of: leader, cache: KVCache(pool: pagePool))
        }
    }

    /// The requests that have a row.
    var requests: [BatchScheduler.RequestID] { Array(rows.keys) }

    func removeRows(_ requests: [BatchScheduler.RequestID]) {
        for request in requests {
            rows[request] = nil
        }
    }

    /// Rows of logits that a step can need: one for each row that writes, and one for each guess.
    static func samplingCapacity(_ limits: BatchScheduler.Limits, _ speculation: Speculation?) -> Int {
        guard let speculation else { return limits.rowCount }
        return max(limits.rowCount, speculation.maxLiveRequests + speculation.maxStepDraftTokens)
    }

    /// Runs the tokens of every row in one forward pass, pools their states, and writes tokens for each row that is
    /// ready. One event for each piece of work, in order.
    func run(_ work: [BatchScheduler.Work]) -> [Event] {
        let pieces = work.map { piece in
            guard let row = rows[piece.request] else { preconditionFailure("work for a request that has no row") }
            return (row: row, count: piece.tokenCount, draftCount: piece.draftCount)
        }
        stepTokens = StepTokens()
        (stepAdmittedRows, newRowCount) = (newRowCount, 0)
        for (row, count, draftCount) in pieces {
            // What is run after the first written token is that token, or those that followed it.
            if row.rationale.isEmpty { stepTokens.prompt += count }
            stepTokens.run += count + draftCount
            stepTokens.drafted += draftCount
            stepTokens.attended += row.attended(by: count + draftCount)
        }
        let hiddenStates = model.forward(
            pieces.map { $0.row.chunk($0.count, draftCount: $0.draftCount) }, activations: activations)
        // The row of the last known token of each piece; guesses follow.
        var lastRows: [Int] = []
        var writingStates: [Int] = []
        var draws: [Sampler.Draw] = []
        var firstRow = 0
        for (row, count, draftCount) in pieces {
            row.ran(count, hiddenStates, firstRow: firstRow)
            let lastRow = firstRow + count - 1
            lastRows.append(lastRow)
            if row.mayWrite {
                // A token for each guess, with which it is compared, and one after them.
                for offset in 0..<min(1 + draftCount, row.unwrittenCount) {
                    writingStates.append(lastRow + offset)
                    draws.append(Sampler.Draw(settings: row.request.sampling, index: row.rationale.count + offset))
                }
            }
            firstRow = lastRow + 1 + draftCount
        }
        stepTokens.sampled = draws.count
        let logits = model.logits(ofRows: writingStates, in: hiddenStates, activations: activations)
        var choices = sampler.sample(draws, fromRowsOf: logits, on: activations.workers)[...]
        return zip(pieces, lastRows).map { piece, lastRow in
            let row = piece.row
            guard row.hasRunAll else { return .ran }
            guard row.mayWrite else { return .ended(row.result()) }
            let drawn = choices.prefix(min(1 + piece.draftCount, row.unwrittenCount))
            choices = choices.dropFirst(drawn.count)
            let writtenCount = row.rationale.count
            let ending = write(
                drawn, row, draft: row.draft.prefix(piece.draftCount), hiddenStates, lastRow: lastRow)
            row.discardDraft()
            if let ending { return .ended(ending) }
            makeDraft(row)
            // A copy: others read it, while the row goes on writing where it is.
            return .wrote(row.rationale[writtenCount...].map { $0 }, draftCount: row.draft.count)
        }
    }

    /// Writes the first token, and those after it for as long as the one before was guessed: the states that follow were
    /// computed of what was written.
    ///
    /// - Returns: how the row ended; nil where there is a token to run.
    private func write(
        _ drawn: ArraySlice<Sampler.Choice?>, _ row: LiveRow, draft: ArraySlice<TokenID>, _ hiddenStates: Activation,
        lastRow: Int
    ) -> Result<GenerationResult, EngineError>? {
        for (offset, choice) in drawn.enumerated() {
            guard let choice else { return .failure(row.notFinite) }
            guard !stopTokens.contains(choice.token) else { return row.result(endedBy: choice) }
            row.write(choice)
            stepTokens.written += 1
            guard offset < draft.count, choice.token == draft[offset] else { return nil }
            row.accept(hiddenStates, row: lastRow + 1 + offset)
            stepTokens.accepted += 1
            guard !row.isStable else { return row.result() }
        }
        // Every guess was right, up to the limit.
        return row.result()
    }

    /// Guesses what follows, unless there are more rows than guesses are planned for.
    private func makeDraft(_ row: LiveRow) {
        guard let speculation, rows.count <= speculation.maxLiveRequests else { return }
        row.makeDraft(limit: speculation.maxStepDraftTokens)
    }
}
