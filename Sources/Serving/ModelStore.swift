import Confinement
import Dispatch
import Engine
import Grace

/// The checkpoints of a directory, those of them that answer, and the way from the one to the other.
///
/// What may happen is decided by ``CheckpointTable``; the store reads files, tries models and ends engines. Each request
/// takes one model and keeps it until it is answered, so that a switch is one reference.
package final class ModelStore: Sendable {
    /// Where checkpoints are.
    package let directory: ModelDirectory
    /// How they are read and run.
    package let loader: ModelLoader
    private let report: @Sendable (StoreEvent) -> Void
    private let state: Confined<State>
    private let loadingQueue = DispatchQueue(label: "loading")
    /// Of its own: what ends does not wait for what is read.
    private let endingQueue = DispatchQueue(label: "ending")

    private struct State {
        var table: CheckpointTable<ServedModel>
        /// Checkpoints that are not in the directory: those that the operator named by a path.
        var elsewhere: [String: CheckpointLocation] = [:]
    }

    /// How often a model that is given up is asked whether its last texts are done.
    private static let drainInterval = Duration.milliseconds(20)

    /// A store that looks at the directory, and loads nothing yet.
    ///
    /// - Parameters:
    ///   - memoryLimit: what models may take together, in bytes.
    ///   - report: told what happens, in whatever thread it does.
    package init(
        directory: ModelDirectory, loader: ModelLoader, memoryLimit: Int,
        report: @escaping @Sendable (StoreEvent) -> Void = { _ in }
    ) {
        self.directory = directory
        self.loader = loader
        self.report = report
        state = Confined(State(table: CheckpointTable(memoryLimit: memoryLimit)))
        rescan()
    }

    /// Asks the table for a change that it may refuse.
    private func change<Value: Sendable>(
        _ body: (inout CheckpointTable<ServedModel>) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try state.withState { state in
            Result { () throws(StoreError) in try body(&state.table) }
        }.get()
    }

    // MARK: What there is

    /// Looks at the directory again: what is new can be loaded, what is gone and not loaded is forgotten.
    package func rescan() {
        let found = Set(directory.checkpoints().map(\.name))
        state.withState { state in state.table.list(found.union(state.elsewhere.keys)) }
    }

    /// The checkpoints and their states at this moment.
    package var listing: StoreListing {
        state.withState { StoreListing(of: $0.table) }
    }

    /// Every model that is loaded, those among them that answer their last requests.
    package var loaded: [ServedModel] { state.withState { $0.table.loaded } }

    /// Why requests that name no checkpoint are refused, where they are.
    package var whyNothingIsActive: String { state.withState { "\($0.table.noModel)" } }

    // MARK: Loading and switching

    /// A load under way; it goes on whether somebody waits for it or not.
    package typealias Loading = Task<Result<Void, StoreError>, Never>

    /// Begins to load a checkpoint: to read it, try it and, if asked to, make it the active one. One that is loaded becomes
    /// active at once.
    ///
    /// - Returns: nil if there is nothing to wait for.
    /// - Throws: `StoreError`; what is wrong with the files is told by the load.
    package func load(_ name: String, activates: Bool) throws(StoreError) -> Loading? {
        let step = try change { table throws(StoreError) in try table.load(name, activates: activates) }
        switch step {
        case .done:
            if activates { report(.activated(name: name)) }
            return nil
        case .begin:
            report(.loading(name: name))
            return Task { await finishLoading(name) }
        }
    }

    /// Loads a checkpoint that the operator names by its name or by a path anywhere, and makes it active.
    ///
    /// - Throws: `StoreError`
    package func start(_ nameOrPath: String) async throws(StoreError) {
        let location: CheckpointLocation
        do throws(GraceError) {
            location = try directory.locate(nameOrPath)
        } catch {
            throw .invalid(name: nameOrPath, error)
        }
        state.withState { state in
            if !location.isInDirectory { state.elsewhere[location.name] = location }
            state.table.list(Set(state.table.names + [location.name]))
        }
        try await load(location.name, activates: true)?.value.get()
    }

    /// Makes the checkpoint active that was so before.
    ///
    /// - Returns: its name.
    /// - Throws: `StoreError`
    package func rollBack() throws(StoreError) -> String {
        let name = try change { table throws(StoreError) in try table.rollBack() }
        report(.activated(name: name))
        return name
    }

    private func finishLoading(_ name: String) async -> Result<Void, StoreError> {
        do throws(StoreError) {
            let model = try await runBlocking(on: loadingQueue) { [self] in
                Result { () throws(StoreError) in try read(name) }
            }.get()
            do throws(CanaryFailure) {
                try await CanaryCheck.run(model.embedder)
            } catch {
                await end(model)
                throw .canary(name: name, error)
            }
            guard state.withState({ $0.table.finishLoading(name, model) }) else {
                await end(model)
                throw .stopping
            }
            // Reading a vocabulary leaves much behind.
            await runBlocking(on: endingQueue) { Compute.releaseFreeMemory() }
            report(.loaded(name: name, checkpoint: model.identity, isActive: listing.active == name))
            return .success(())
        } catch {
            state.withState { $0.table.failLoading(name, reason: "\(error)") }
            report(.failed(name: name, error))
            return .failure(error)
        }
    }

    private func read(_ name: String) throws(StoreError) -> ServedModel {
        let checkpoint: GraceCheckpoint
        let memory: [MemoryPart]
        do throws(GraceError) {
            let elsewhere = state.withState { $0.elsewhere[name] }
            let location = if let elsewhere { elsewhere } else { try directory.locate(name) }
            checkpoint = try loader.open(location, in: directory)
            memory = try loader.memory(of: checkpoint)
        } catch {
            throw .invalid(name: name, error)
        }
        try change { table throws(StoreError) in try table.reserve(memory, for: name) }
        do throws(GraceError) {
            return try loader.load(checkpoint)
        } catch {
            throw .invalid(name: name, error)
        }
    }

    // MARK: Unloading

    /// Gives a checkpoint up: it answers what it has begun to answer, and ends.
    ///
    /// - Returns: ends with it.
    /// - Throws: `StoreError`
    package func unload(_ name: String) throws(StoreError) -> Loading {
        try change { table throws(StoreError) in try table.unload(name) }
        report(.draining(name: name))
        return Task {
            await drain(name)
            // Now that nothing holds the model any more.
            await runBlocking(on: endingQueue) { Compute.releaseFreeMemory() }
            report(.unloaded(name: name))
            return .success(())
        }
    }

    private func drain(_ name: String) async {
        guard let model = state.withState({ $0.table.model(of: name) }) else { return }
        // Texts that are shared may be waited for by requests to another checkpoint of the same fingerprint.
        while state.withState({ $0.table.leaseCount(of: name) }) > 0 || !model.embedder.isIdle {
            do {
                try await Task.sleep(for: Self.drainInterval)
            } catch {
                // Nobody cancels this task; a wait that is cut short only asks again.
                continue
            }
        }
        await end(model)
        state.withState { $0.table.finishUnloading(name) }
    }

    private func end(_ model: ServedModel) async {
        await runBlocking(on: endingQueue) { model.embedder.engine.stop() }
    }

    /// Takes nothing more.
    package func stop() {
        state.withState { $0.table.stop() }
    }

    /// Ends all engines; what they are answering fails.
    package func endAll() async {
        for model in loaded {
            await end(model)
        }
    }

    // MARK: Requests

    /// Answers a request with the checkpoint that it wants, which stays until the request is answered.
    ///
    /// - Throws: `StoreError`
    package func withModel<Value>(
        _ selection: CheckpointSelection, _ body: (Embedder) async -> Value
    ) async throws(StoreError) -> Value {
        let lease = try change { table throws(StoreError) in try table.lease(selection) }
        defer { state.withState { $0.table.giveBack(lease.name) } }
        if selection == .preferring(lease.name) { report(.answeredOnTrial(name: lease.name)) }
        return await body(lease.model.embedder)
    }

    /// The same without waiting, of a request that is answered in no time or not at all.
    ///
    /// - Throws: `StoreError`
    package func withModelAtOnce<Value>(
        _ selection: CheckpointSelection, _ body: (Embedder) -> Value?
    ) throws(StoreError) -> Value? {
        let lease = try change { table throws(StoreError) in try table.lease(selection) }
        defer { state.withState { $0.table.giveBack(lease.name) } }
        let value = body(lease.model.embedder)
        if value != nil, selection == .preferring(lease.name) { report(.answeredOnTrial(name: lease.name)) }
        return value
    }
}

/// What happens to checkpoints, for the log.
package enum StoreEvent: Sendable {
    case loading(name: String)
    case loaded(name: String, checkpoint: ModelIdentity, isActive: Bool)
    case failed(name: String, StoreError)
    case activated(name: String)
    case draining(name: String)
    case unloaded(name: String)
    /// A request that named no checkpoint was given to the one on trial.
    case answeredOnTrial(name: String)
}
