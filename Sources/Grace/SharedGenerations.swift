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

    private struct Running {
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
    /// - Parameter computedBy: the checkpoint's fingerprint and the arithmetic: what decides a result beside the request.
    /// - Throws: `EngineError`; where one request fails the others are given up.
    package func generate(
        _ requests: [GenerationRequest], computedBy: String, on engine: GenerationEngine
    ) async throws(EngineError) -> [Outcome] {
        guard let state else {
            return try await engine.generate(requests).map { Outcome(result: $0, source: .miss) }
        }
        let places = try claim(requests, computedBy: computedBy, engine, state)
        let waiters = places.compactMap(\.waiter)
        let outcome: Result<[Outcome], EngineError> = await withTaskCancellationHandler {
            var outcomes: [Outcome] = []
            do throws(EngineError) {
                for place in places {
                    switch place {
                    case .kept(let result): outcomes.append(Outcome(result: result, source: .hit))
                    case .awaited(_, let promise, let source):
                        outcomes.append(Outcome(result: try await promise.value(), source: source))
                    }
                }
                return .success(outcomes)
            } catch {
                leave(waiters, state)
                return .failure(error)
            }
        } onCancel: {
            leave(waiters, state)
        }
        return try outcome.get()
    }

    private enum Place: Sendable {
        case kept(GenerationResult)
        case awaited(Table.WaiterID, Promise<GenerationResult>, ResultSource)

        var waiter: Table.WaiterID? {
            guard case .awaited(let waiter, _, _) = self else { return nil }
            return waiter
        }
    }

    private func claim(
        _ requests: [GenerationRequest], computedBy: String, _ engine: GenerationEngine, _ state: Confined<State>
    ) throws(EngineError) -> [Place] {
        let keys = requests.map { ResultKey($0, computedBy: computedBy) }
        let claimed = state.withState { state in
            Result { () throws(EngineError) in
                var submitted: [Generation] = []
                // Submitted while the table is held, so that nobody joins what the engine then refuses.
                let places = try state.table.claim(keys) { indices throws(EngineError) in
                    submitted = try engine.submit(indices.map { requests[$0] })
                }
                var unclaimed = submitted[...]
                var started: [Table.GenerationID: Generation] = [:]
                let awaited = places.map { place -> Place in
                    switch place {
                    case .kept(let result): return .kept(result)
                    case .joined(let waiter): return .awaited(waiter, state.promise(for: waiter), .shared)
                    case .started(let waiter, let id):
                        let generation = unclaimed.removeFirst()
                        started[id] = generation
                        state.running[id] = Running(generation: generation, engine: engine)
                        return .awaited(waiter, state.promise(for: waiter), .miss)
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

    /// Waiters whose caller goes away, or that an error of another text makes useless.
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
