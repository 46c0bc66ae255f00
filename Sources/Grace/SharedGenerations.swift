import Confinement
import Engine

/// Where a text's rationale and vector come from.
package enum ResultSource: String, Sendable, CaseIterable {
    /// They were kept from an earlier text.
    case hit
    /// Another text that was the same started their generation.
    case shared
    /// They were generated for this text.
    case miss
}

/// Generates each result once for all who ask for it at a time, and keeps it for who asks later.
///
/// It stands in front of an engine, which knows nothing of it, and is not bound to one: results are known by what computed
/// them, so they outlive the model that is served. An engine may be stopped once its load is zero.
package final class SharedGenerations: Sendable {
    /// A result, and where it came from.
    package struct Outcome: Sendable {
        /// Its times are those of the generation, whoever asked for that.
        package let result: GenerationResult
        /// A hit has taken no time.
        package let source: ResultSource
    }

    private typealias Table = SharingTable<ResultKey, GenerationResult>

    /// A generation, and where it is under way.
    private struct Running: Sendable {
        let generation: Generation
        let engine: GenerationEngine
    }

    private struct State {
        var table: Table
        var promises: [Table.WaiterID: Promise<GenerationResult>] = [:]
        var running: [Table.GenerationID: Running] = [:]

        mutating func promise(for waiter: Table.WaiterID) -> Promise<GenerationResult> {
            let promise = Promise<GenerationResult>()
            promises[waiter] = promise
            return promise
        }
    }

    /// nil where nothing is shared or kept.
    private let state: Confined<State>?

    /// What a result may take on average if all that are kept are to fit: a prompt of 1024 tokens, a rationale of 1024 and
    /// a vector of 2048 channels.
    private static let bytesPerEntry = 16 << 10

    /// - Parameter entryLimit: results to keep; 0 shares nothing either, so that every text is generated for itself.
    package init(entryLimit: Int) {
        state =
            entryLimit > 0
            ? Confined(
                State(
                    table: Table(
                        results: ResultCache(
                            limits: .init(entries: entryLimit, bytes: entryLimit * Self.bytesPerEntry),
                            size: { key, result in key.byteCount + result.byteCount }))))
            : nil
    }

    /// How much is shared and kept.
    package struct Load: Sendable, Equatable {
        /// Generations that somebody waits for.
        package var underWay = 0
        /// Texts that wait for these.
        package var waiting = 0
        /// Results for who asks later.
        package var kept = 0
    }

    /// How much is shared and kept at this moment.
    package var load: Load {
        state?.withState {
            Load(underWay: $0.table.underWayCount, waiting: $0.promises.count, kept: $0.table.keptCount)
        } ?? Load()
    }

    /// Carries out what is neither kept nor under way, all of it in one place of the queue, and returns all results in
    /// order.
    ///
    /// A generation ends early when the tasks of all who wait for it are cancelled. An error reaches all who wait.
    /// - Parameters:
    ///   - computedBy: the checkpoint's fingerprint and the arithmetic: what decides a result beside the request.
    ///   - progress: told of what is written while it is.
    /// - Throws: `EngineError`; where one request fails the others are given up.
    package func generate(
        _ requests: [GenerationRequest], computedBy: String, on engine: GenerationEngine,
        priority: BatchScheduler.Priority = .bulk, progress: GenerationProgress? = nil
    ) async throws(EngineError) -> [Outcome] {
        let places = try places(for: requests, computedBy: computedBy, engine, priority)
        progress?.accepted()
        let reports = places.enumerated().map { index, place in progress.map { follow(place, $0, index) } }
        let outcome: Result<[Outcome], EngineError> = await withTaskCancellationHandler {
            var outcomes: [Outcome] = []
            do throws(EngineError) {
                for (place, report) in zip(places, reports) {
                    let outcome = try await place.outcome()
                    report?.complete(outcome.result)
                    outcomes.append(outcome)
                }
                return .success(outcomes)
            } catch {
                leave(places)
                return .failure(error)
            }
        } onCancel: {
            leave(places)
        }
        return try outcome.get()
    }

    /// The results of all requests, if all are kept.
    func kept(_ requests: [GenerationRequest], computedBy: String) -> [Outcome]? {
        let keys = requests.map { ResultKey($0, computedBy: computedBy) }
        let results = state?.withState { $0.table.kept(keys) }
        return results?.map { Outcome(result: $0, source: .hit) }
    }

    private enum Place: Sendable {
        case kept(GenerationResult)
        /// Together with others; the generation itself where it is still under way.
        case awaited(Table.WaiterID, Promise<GenerationResult>, ResultSource, Running?)
        /// Nothing is shared.
        case alone(Running)

        func outcome() async throws(EngineError) -> Outcome {
            switch self {
            case .kept(let result): Outcome(result: result, source: .hit)
            case .awaited(_, let promise, let source, _): Outcome(result: try await promise.value(), source: source)
            case .alone(let running): Outcome(result: try await running.generation.result(), source: .miss)
            }
        }
    }

    private func follow(_ place: Place, _ progress: GenerationProgress, _ index: Int) -> GenerationReport {
        let report = progress.report(on: index)
        switch place {
        case .kept, .awaited(_, _, _, nil): break
        case .awaited(_, _, _, let running?), .alone(let running):
            running.engine.follow(running.generation) { report.tell($0) }
        }
        return report
    }

    private func places(
        for requests: [GenerationRequest], computedBy: String, _ engine: GenerationEngine,
        _ priority: BatchScheduler.Priority
    ) throws(EngineError) -> [Place] {
        guard let state else {
            return try engine.submit(requests, priority: priority).map {
                .alone(Running(generation: $0, engine: engine))
            }
        }
        return try claim(requests, computedBy: computedBy, engine, priority, state)
    }

    private func claim(
        _ requests: [GenerationRequest], computedBy: String, _ engine: GenerationEngine,
        _ priority: BatchScheduler.Priority, _ state: Confined<State>
    ) throws(EngineError) -> [Place] {
        let keys = requests.map { ResultKey($0, computedBy: computedBy) }
        let claimed = state.withState { state in
            Result { () throws(EngineError) in
                var submitted: [Generation] = []
                // Submitted while the table is held, so that nobody joins what the engine then refuses.
                let places = try state.table.claim(keys) { indices throws(EngineError) in
                    submitted = try engine.submit(indices.map { requests[$0] }, priority: priority)
                }
                var unclaimed = submitted[...]
                var started: [Table.GenerationID: Generation] = [:]
                let awaited = places.map { place -> Place in
                    switch place {
                    case .kept(let result): return .kept(result)
                    case .joined(let waiter):
                        let joined = state.table.generation(of: waiter).flatMap { state.running[$0] }
                        if priority == .interactive, let joined { joined.engine.promote(joined.generation) }
                        return .awaited(waiter, state.promise(for: waiter), .shared, joined)
                    case .started(let waiter, let id):
                        let generation = unclaimed.removeFirst()
                        started[id] = generation
                        let running = Running(generation: generation, engine: engine)
                        state.running[id] = running
                        return .awaited(waiter, state.promise(for: waiter), .miss, running)
                    }
                }
                return (awaited, started)
            }
        }
        let (places, started) = try claimed.get()
        for (id, generation) in started {
            // A task of its own: whoever started the generation may leave it to others.
            Task {
                do throws(EngineError) {
                    finish(id, .success(try await generation.result()), state)
                } catch {
                    finish(id, .failure(error), state)
                }
            }
        }
        return places
    }

    private func finish(
        _ id: Table.GenerationID, _ outcome: Result<GenerationResult, EngineError>, _ state: Confined<State>
    ) {
        let promises = state.withState { state in
            state.running[id] = nil
            let result: GenerationResult? =
                switch outcome {
                case .success(let result): result
                case .failure: nil
                }
            return state.table.end(id, result: result).map { state.promises.removeValue(forKey: $0) }
        }
        for promise in promises {
            promise?.fulfil(outcome)
        }
    }

    /// Places whose caller goes away, or that an error of another text makes useless.
    private func leave(_ places: [Place]) {
        var waiters: [Table.WaiterID] = []
        for place in places {
            switch place {
            case .kept: break
            case .awaited(let waiter, _, _, _): waiters.append(waiter)
            case .alone(let running): running.engine.cancel([running.generation])
            }
        }
        if let state { leave(waiters, state) }
    }

    private func leave(_ waiters: [Table.WaiterID], _ state: Confined<State>) {
        let (abandoned, promises) = state.withState { state in
            (
                state.table.leave(waiters).compactMap { state.running.removeValue(forKey: $0) },
                waiters.compactMap { state.promises.removeValue(forKey: $0) }
            )
        }
        for running in abandoned {
            running.engine.cancel([running.generation])
        }
        for promise in promises {
            promise.fulfil(.failure(.cancelled))
        }
    }
}
