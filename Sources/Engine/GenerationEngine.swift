import Confinement
import Dispatch
import Foundation
import Tensors
import Transformer

/// Writes rationales and pools vectors: one thread owns the model and runs all live requests in one batch, which they
/// join and leave at any step.
package final class GenerationEngine: Sendable {
    /// What an engine needs to know of a model.
    package struct Configuration: Sendable {
        /// Tokens that end a rationale.
        package var stopTokens: Set<TokenID>
        /// The tokens before `poolingStart` that every prompt begins with; computed once.
        package var sharedPrefix: [TokenID]
        /// What all requests may take together; the scheduler keeps to it.
        package var limits: BatchScheduler.Limits
        /// Threads for what is not OpenBLAS's.
        package var workers: Int
        /// Told of every step, on the generation thread, which waits for it.
        package var onStep: (@Sendable (StepReport) -> Void)?
        /// Whether to run ahead, and how far; without effect where a token's bits depend on the step that it is run in,
        /// for what is written must not depend on guesses.
        package var speculation: Speculation?
        /// Shared with other engines of the process, where there are any.
        package var turns: StepTurns

        /// Takes the parts as they are: `sharedPrefix` may be empty.
        package init(
            stopTokens: Set<TokenID>, sharedPrefix: [TokenID], limits: BatchScheduler.Limits, workers: Int = 1,
            speculation: Speculation? = nil, turns: StepTurns = StepTurns()
        ) {
            self.stopTokens = stopTokens
            self.sharedPrefix = sharedPrefix
            self.limits = limits
            self.workers = workers
            self.speculation = speculation
            self.turns = turns
        }
    }

    /// How busy the engine is.
    package struct Load: Sendable, Equatable {
        /// Requests in the batch.
        package let live: Int
        /// Requests that wait for a place in the batch.
        package let waiting: Int
        /// Positions of the key-value cache that those in the batch can come to fill.
        package let reservedPositions: Int
    }

    struct Submission: Sendable {
        let request: GenerationRequest
        let promise: Promise<GenerationResult>
        let submittedAt: ContinuousClock.Instant
        /// What was written so far, and who is told of it.
        var rationale: [TokenID] = []
        var followers: [@Sendable ([TokenID]) -> Void] = []

        mutating func wrote(_ tokens: some Collection<TokenID>) {
            guard !tokens.isEmpty else { return }
            rationale += tokens
            for follower in followers { follower(Array(tokens)) }
        }
    }

    struct State {
        var scheduler: BatchScheduler
        var submissions: [BatchScheduler.RequestID: Submission] = [:]
        /// Prompts that several requests of a submission had, so far.
        var sharedPromptCount: BatchScheduler.SharedPromptID = 0
        var isStopping = false
    }

    private let sharedPrefix: [TokenID]
    private let turns: StepTurns
    private let onStep: (@Sendable (StepReport) -> Void)?
    private let state: Confined<State>
    private let wake = DispatchSemaphore(value: 0)
    private let hasEnded = DispatchGroup()

    /// Starts the thread; the shared prefix is computed before the first request is.
    package init(model: Transformer, configuration: Configuration) {
        var configuration = configuration
        if !model.weights.areBatchInvariant {
            configuration.speculation = nil
        }
        sharedPrefix = configuration.sharedPrefix
        onStep = configuration.onStep
        turns = configuration.turns
        state = Confined(
            State(
                scheduler: BatchScheduler(limits: configuration.limits, speculation: configuration.speculation)))
        hasEnded.enter()
        let thread = Thread { [self, configuration] in
            let loop = GenerationLoop(model: model, configuration: configuration)
            run(loop)
            hasEnded.leave()
        }
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// How many requests are live and waiting.
    package var load: Load {
        state.withState { state in
            Load(
                live: state.scheduler.liveCount, waiting: state.scheduler.waitingCount,
                reservedPositions: state.scheduler.reservedPositions)
        }
    }

    /// Carries out all of the requests, in one place of the queue, and returns their results in order.
    ///
    /// Cancelling the task gives the places in the batch back at the next step.
    /// - Throws: `EngineError`; where one request fails the others are given up.
    package func generate(_ requests: [GenerationRequest]) async throws(EngineError) -> [GenerationResult] {
        let generations = try submit(requests)
        let outcome: Result<[GenerationResult], EngineError> = await withTaskCancellationHandler {
            var results: [GenerationResult] = []
            do throws(EngineError) {
                for generation in generations {
                    results.append(try await generation.result())
                }
                return .success(results)
            } catch {
                cancel(generations)
                return .failure(error)
            }
        } onCancel: {
            cancel(generations)
        }
        return try outcome.get()
    }

    /// Takes all of the requests, in one place of the queue, or none. What is taken is carried out until it is cancelled,
    /// whether somebody awaits it or not.
    ///
    /// - Throws: `EngineError.tooManyPositions`, `.queueFull`, `.stopped`
    package func submit(
        _ requests: [GenerationRequest], priority: BatchScheduler.Priority = .bulk
    ) throws(EngineError) -> [Generation] {
        for request in requests {
            precondition(request.poolingStart < request.prompt.count, "nothing to pool")
        }
        let now = ContinuousClock.now
        let submissions = requests.map { Submission(request: $0, promise: Promise(), submittedAt: now) }
        let pendingTokens = requests.map { $0.prompt.count - $0.sharedTokenCount(with: sharedPrefix) }
        let prompts = SharedPrompts(requests)
        let outcome = state.withState { state -> Result<[BatchScheduler.RequestID], EngineError> in
            guard !state.isStopping else { return .failure(.stopped) }
            return Result { () throws(EngineError) in
                let firstPrompt = state.sharedPromptCount
                state.sharedPromptCount += UInt64(prompts.count)
                let demands = requests.indices.map { index in
                    BatchScheduler.Demand(
                        positionCount: requests[index].positionCount, pendingTokens: pendingTokens[index],
                        sharedPrompt: prompts.indices[index].map { firstPrompt + UInt64($0) })
                }
                let ids = try state.scheduler.submit(demands, priority: priority)
                for (id, submission) in zip(ids, submissions) {
                    state.submissions[id] = submission
                }
                return ids
            }
        }
        let ids = try outcome.get()
        wake.signal()
        return zip(ids, submissions).map { Generation(id: $0, promise: $1.promise) }
    }

    /// Tells of the tokens of a generation as they are written: at once of those that were, then step by step, until all were
    /// told before its result is there. Of one that has ended nothing is told: its result has all.
    ///
    /// - Parameter follower: called on this thread with what was written already, then on the generation thread, which waits for
    ///   it; it must not ask the engine for anything.
    package func follow(_ generation: Generation, _ follower: @escaping @Sendable ([TokenID]) -> Void) {
        state.withState { state in
            guard let submission = state.submissions[generation.id] else { return }
            // A copy, which nobody goes on writing.
            if !submission.rationale.isEmpty { follower(submission.rationale.map { $0 }) }
            state.submissions[generation.id]?.followers.append(follower)
        }
    }

    /// Serves a generation that still waits as an interactive one from now on.
    package func promote(_ generation: Generation) {
        state.withState { $0.scheduler.promote(generation.id) }
    }

    /// Gives up those that have not ended: they fail with `.cancelled`, and leave the batch at the next step.
    package func cancel(_ generations: [Generation]) {
        end(generations.map { ($0.id, .failure(.cancelled)) })
    }

    /// Refuses new requests, fails those that are waiting or live, and ends the thread. Returns when it has ended.
    package func stop() {
        state.withState { $0.isStopping = true }
        wake.signal()
        hasEnded.wait()
    }

    /// Takes requests out of the scheduler and tells their callers.
    private func end(_ outcomes: [(BatchScheduler.RequestID, Result<GenerationResult, EngineError>)]) {
        let promises = state.withState { state in
            outcomes.map { id, _ in
                state.scheduler.remove(id)
                return state.submissions.removeValue(forKey: id)?.promise
            }
        }
        for (promise, (_, result)) in zip(promises, outcomes) {
            promise?.fulfil(result)
        }
    }

    // MARK: - The generation thread

    private func run(_ loop: GenerationLoop) {
        while let work = nextWork(loop) {
            guard !work.isEmpty else {
                wake.wait()
                continue
            }
            let (events, report) = turns.take {
                let startedAt = ContinuousClock.now
                let events = loop.run(work)
                let report = StepReport(
                    of: events, admittedRows: loop.stepAdmittedRows, loop.stepTokens, startedAt: startedAt)
                return (events, report)
            }
            onStep?(report)
            state.withState { state in
                for (work, event) in zip(work, events) {
                    state.scheduler.ran(work)
                    switch event {
                    case .ran: break
                    case .wrote(let tokens, let draftCount):
                        state.scheduler.wrote(work.request, draftTokens: draftCount)
                        state.submissions[work.request]?.wrote(tokens)
                    case .ended(.success(let result)):
                        let toldCount = state.submissions[work.request]?.rationale.count ?? 0
                        state.submissions[work.request]?.wrote(result.rationale.dropFirst(toldCount))
                    case .ended(.failure): break
                    }
                }
            }
            end(
                zip(work, events).compactMap { work, event in
                    guard case .ended(let result) = event else { return nil }
                    return (work.request, result)
                })
        }
        end(state.withState { Array($0.submissions.keys) }.map { ($0, .failure(.stopped)) })
    }

    /// The next step's work, its rows made ready; empty when there is nothing to do, nil when the engine stops.
    private func nextWork(_ loop: GenerationLoop) -> [BatchScheduler.Work]? {
        let rows = loop.requests
        let plan = state.withState { state -> Plan? in
            guard !state.isStopping else { return nil }
            let step = state.scheduler.nextStep()
            return Plan(
                gone: rows.filter { state.submissions[$0] == nil },
                admitted: step.admitted.compactMap { id in state.submissions[id].map { (id, $0) } },
                adoptions: step.adoptions, work: step.work)
        }
        guard let plan else { return nil }
        // Caches are given back and made outside of the state: both take longer than others should wait for it.
        loop.removeRows(plan.gone)
        for (id, submission) in plan.admitted {
            loop.addRow(id, submission.request, submittedAt: submission.submittedAt)
        }
        loop.adoptPrompts(plan.adoptions)
        return plan.work
    }

    private struct Plan: Sendable {
        /// Rows whose request has ended or whose caller has gone.
        let gone: [BatchScheduler.RequestID]
        let admitted: [(BatchScheduler.RequestID, Submission)]
        let adoptions: [BatchScheduler.Adoption]
        let work: [BatchScheduler.Work]
    }
}
