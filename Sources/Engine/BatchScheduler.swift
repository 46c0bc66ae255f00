/// Decides which requests are live and how many of whose tokens the next step takes. Pure: no clock, no model, no I/O.
///
/// First come, first served, interactive requests before bulk. A live request holds room for every position it can come to
/// fill, so that none can run out of cache half-way. Of live requests with the same prompt one runs it, and the others take it
/// over.
package struct BatchScheduler {
    /// What the scheduler must stay within.
    package struct Limits: Sendable, Equatable {
        /// Rows of the batch.
        package var maxLiveRequests: Int
        /// Positions of key-value cache of all live requests together.
        package var maxBatchTokens: Int
        /// Tokens of one step: a long prompt is taken in pieces, so that it does not stall those that are writing.
        package var maxStepTokens: Int
        /// Requests that are live or wait.
        package var maxRequests: Int
        /// Rows, and places to wait, that interactive requests have beyond those of all: an eighth of each.
        package var reserve: Reserve

        /// - Precondition: a step has room for a token of every live request, of which there is at least one.
        package init(
            maxLiveRequests: Int, maxBatchTokens: Int, maxStepTokens: Int, maxRequests: Int, reserve: Reserve = .none
        ) {
            precondition(maxLiveRequests > 0 && maxStepTokens >= maxLiveRequests, "every live row takes a token a step")
            self.maxLiveRequests = maxLiveRequests
            self.maxBatchTokens = maxBatchTokens
            self.maxStepTokens = maxStepTokens
            self.maxRequests = maxRequests
            self.reserve = reserve
        }

        /// Rows of the batch, those kept for interactive requests among them.
        package var rowCount: Int {
            reserve == .none ? maxLiveRequests : min(maxLiveRequests + (maxLiveRequests + 7) / 8, maxStepTokens)
        }

        /// Rows that requests of a priority may have.
        func rowCount(of priority: Priority) -> Int { priority == .interactive ? rowCount : maxLiveRequests }

        /// Positions that bulk requests may have together, unless one alone needs more.
        var bulkPositions: Int { reserve == .none ? maxBatchTokens : maxBatchTokens - maxBatchTokens / 8 }

        /// Requests that may be live or wait when one of a priority comes.
        func requestCount(of priority: Priority) -> Int {
            priority == .bulk || reserve == .none ? maxRequests : maxRequests + (maxRequests + 7) / 8
        }
    }

    /// Whether room is kept for interactive requests.
    package enum Reserve: Sendable, Equatable {
        case none
        case eighth
    }

    /// Who is served first.
    package enum Priority: Sendable, Equatable {
        /// Somebody looks on.
        case interactive
        case bulk
    }

    /// Names a request for as long as the scheduler knows it.
    package typealias RequestID = UInt64

    /// The share of one request in a step.
    package struct Work: Equatable, Sendable {
        /// The request whose tokens are run; it is live.
        package let request: RequestID
        /// At least 1, at most what the step has left of `maxStepTokens`.
        package let tokenCount: Int
        /// Guessed tokens that are run after them, of those that the request has; only where `tokenCount` is all that is
        /// known.
        package fileprivate(set) var draftCount: Int
    }

    /// What the scheduler has to know of a request.
    package struct Demand: Equatable, Sendable {
        /// Positions that it can come to fill.
        package let positionCount: Int
        /// Tokens of its prompt yet to be run.
        package let pendingTokens: Int
        /// Tells which requests have the same prompt; nil where it is not shared.
        package let sharedPrompt: SharedPromptID?

        /// Takes all as they are.
        package init(positionCount: Int, pendingTokens: Int, sharedPrompt: SharedPromptID? = nil) {
            self.positionCount = positionCount
            self.pendingTokens = pendingTokens
            self.sharedPrompt = sharedPrompt
        }
    }

    /// Names a prompt that several requests have.
    package typealias SharedPromptID = UInt64

    /// A prompt, but for its last token, that one request takes over from another, which has run it.
    package struct Adoption: Equatable, Sendable {
        /// Its only token yet to be run is the prompt's last.
        package let request: RequestID
        /// It is live.
        package let leader: RequestID
    }

    /// What to do next: give the admitted requests a cache, let prompts be taken over, then run the work in order.
    package struct Step: Equatable, Sendable {
        /// Requests that became live with this step, oldest first.
        package var admitted: [RequestID] = []
        /// Requests that need not run their prompt.
        package var adoptions: [Adoption] = []
        /// The shares, in the order in which they are packed; a request occurs at most once.
        package var work: [Work] = []
    }

    private struct Live {
        let waited: WaitingRequests.Entry
        var prompt: PromptState
        /// Tokens known and not yet run.
        var pendingTokens: Int
        /// Tokens guessed to follow them.
        var draftTokens = 0

        init(_ waited: WaitingRequests.Entry) {
            self.waited = waited
            prompt = waited.demand.sharedPrompt == nil ? .running : .undecided
            pendingTokens = prompt == .undecided ? 0 : waited.demand.pendingTokens
        }

        var request: RequestID { waited.request }
        var priority: Priority { waited.priority }
    }

    private enum PromptState {
        /// Whether to run it or to take it over.
        case undecided
        case running
        case hasRun
    }

    private let limits: Limits
    private let speculation: Speculation?
    private var waiting = WaitingRequests()
    private var live: [Live] = []
    private var nextID: RequestID = 0
    /// Positions that live requests can come to fill, at most `maxBatchTokens`.
    package private(set) var reservedPositions = 0
    private var bulkPositions = 0

    /// An idle scheduler.
    ///
    /// - Parameter speculation: nil plans no guesses.
    package init(limits: Limits, speculation: Speculation? = nil) {
        self.limits = limits
        self.speculation = speculation
    }

    /// Whether no request is live or waiting.
    package var isIdle: Bool { live.isEmpty && waiting.isEmpty }
    /// Requests that hold a row of the batch, at most `limits.rowCount`.
    package var liveCount: Int { live.count }
    /// Requests without a row yet; with the live ones at most `maxRequests`, and the interactive ones' reserve.
    package var waitingCount: Int { waiting.count }

    /// Queues all of the requests, or none.
    ///
    /// - Throws: `EngineError.tooManyPositions`, `.queueFull`
    package mutating func submit(
        _ requests: [Demand], priority: Priority = .bulk
    ) throws(EngineError) -> [RequestID] {
        for request in requests where request.positionCount > limits.maxBatchTokens {
            throw .tooManyPositions(needed: request.positionCount, limit: limits.maxBatchTokens)
        }
        let present = live.count + waiting.count
        let limit = limits.requestCount(of: priority)
        guard present + requests.count <= limit else {
            throw .queueFull(present: present, submitted: requests.count, limit: limit)
        }
        return requests.map { request in
            defer { nextID += 1 }
            waiting.append(.init(request: nextID, demand: request, priority: priority))
            return nextID
        }
    }

    /// Admits what fits and shares the next step out: the rows that write first, then prompts, interactive ones first, then
    /// oldest first. What is left of it guesses may have.
    package mutating func nextStep() -> Step {
        var step = Step()
        while let next = waiting.takeFirst(where: fits, isCapped: isCapped) {
            reservedPositions += next.positionCount
            if next.priority == .bulk { bulkPositions += next.positionCount }
            live.append(Live(next))
            step.admitted.append(next.request)
        }
        step.adoptions = sharePrompts()
        var budget = limits.maxStepTokens
        func take(_ row: Live) {
            let count = min(row.pendingTokens, budget)
            guard count > 0 else { return }
            step.work.append(
                Work(
                    request: row.request, tokenCount: count,
                    draftCount: count == row.pendingTokens ? row.draftTokens : 0))
            budget -= count
        }
        live.filter { $0.pendingTokens == 1 }.forEach(take)
        live.filter { $0.pendingTokens > 1 && $0.priority == .interactive }.forEach(take)
        live.filter { $0.pendingTokens > 1 && $0.priority == .bulk }.forEach(take)
        var draftBudget = min(budget, maxStepDraftTokens)
        for index in step.work.indices {
            step.work[index].draftCount = min(step.work[index].draftCount, draftBudget)
            draftBudget -= step.work[index].draftCount
        }
        return step
    }

    /// Decides for live requests with a shared prompt: where none runs it, the oldest does; where one has run it, the others take
    /// it over; until then they wait.
    private mutating func sharePrompts() -> [Adoption] {
        guard live.contains(where: { $0.prompt == .undecided }) else { return [] }
        var runners: [SharedPromptID: (request: RequestID, prompt: PromptState)] = [:]
        for row in live where row.prompt != .undecided {
            guard let prompt = row.waited.demand.sharedPrompt else { continue }
            if runners[prompt]?.prompt != .hasRun { runners[prompt] = (row.request, row.prompt) }
        }
        var adoptions: [Adoption] = []
        for index in live.indices where live[index].prompt == .undecided {
            guard let prompt = live[index].waited.demand.sharedPrompt else { continue }
            switch runners[prompt] {
            case nil:
                live[index].prompt = .running
                live[index].pendingTokens = live[index].waited.demand.pendingTokens
                runners[prompt] = (live[index].request, .running)
            case .some(let runner) where runner.prompt == .hasRun:
                live[index].prompt = .running
                live[index].pendingTokens = 1
                adoptions.append(Adoption(request: live[index].request, leader: runner.request))
            case .some: break
            }
        }
        return adoptions
    }

    private func fits(_ request: WaitingRequests.Entry) -> Bool {
        guard live.count < limits.rowCount(of: request.priority),
            reservedPositions + request.positionCount <= limits.maxBatchTokens
        else { return false }
        return request.priority == .interactive || bulkPositions == 0
            || bulkPositions + request.positionCount <= limits.bulkPositions
    }

    /// Whether bulk itself leaves a bulk request no room, and not what is interactive.
    private func isCapped(_ request: WaitingRequests.Entry) -> Bool {
        live.count { $0.priority == .bulk } >= limits.rowCount(of: .bulk)
            || bulkPositions > 0 && bulkPositions + request.positionCount > limits.bulkPositions
    }

    private var maxStepDraftTokens: Int {
        guard let speculation, live.count <= speculation.maxLiveRequests else { return 0 }
        return speculation.maxStepDraftTokens
    }

    /// The step's tokens of a request were run. A request that was removed meanwhile is none of its business.
    package mutating func ran(_ work: Work) {
        guard let index = live.firstIndex(where: { $0.request == work.request }) else { return }
        live[index].pendingTokens -= work.tokenCount
        live[index].draftTokens = 0
        if live[index].pendingTokens == 0 { live[index].prompt = .hasRun }
    }

    /// A request wrote a token, which the next step runs, and guesses those after it.
    ///
    /// - Parameter draftTokens: of the positions of the request.
    package mutating func wrote(_ request: RequestID, draftTokens: Int = 0) {
        guard let index = live.firstIndex(where: { $0.request == request }) else { return }
        live[index].pendingTokens = 1
        live[index].draftTokens = draftTokens
    }

    /// Forgets a request, live or waiting: it ended or its caller went away.
    package mutating func remove(_ request: RequestID) {
        if let index = live.firstIndex(where: { $0.request == request }) {
            let removed = live.remove(at: index)
            reservedPositions -= removed.waited.positionCount
            if removed.priority == .bulk { bulkPositions -= removed.waited.positionCount }
        } else {
            waiting.remove(request)
        }
    }

    /// Somebody looks on now: a request that waits is served before bulk. One that is live has what it needs.
    package mutating func promote(_ request: RequestID) {
        waiting.promote(request)
    }
}
