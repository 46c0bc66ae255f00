import Grace

/// A part of the memory that models take. Parts of one name, such as the weights of a base that several adapters share,
/// are the same memory.
package struct MemoryPart: Sendable, Equatable {
    /// What it is, for example the digest of a base and its number format.
    package let name: String
    /// At most.
    package let byteCount: Int

    /// Takes both as they are.
    package init(name: String, byteCount: Int) {
        self.name = name
        self.byteCount = byteCount
    }
}

/// What the table needs to know of a model.
package protocol Identified: Sendable {
    /// What its vectors are known by.
    var identity: ModelIdentity { get }
}

/// The checkpoints that there are, what becomes of each, and which one answers. Pure: it is told what happens, and says
/// what is to be done.
///
/// The memory of what is loaded, loading or draining stays within a limit, and one checkpoint at most is loading.
package struct CheckpointTable<Model: Identified>: Sendable {
    /// A loaded model, with what it holds on to.
    struct Loaded: Sendable {
        let model: Model
        let memory: [MemoryPart]
        /// Requests that it is answering.
        var leaseCount = 0
        var isDraining = false
    }

    enum Phase: Sendable {
        case available
        case loading(memory: [MemoryPart], activates: Bool)
        case loaded(Loaded)
        case failed(reason: String)
    }

    struct Entry {
        var phase = Phase.available
        /// Whether the last look at the directory found it.
        var isListed = true
    }

    /// What models may take together, in bytes.
    package let memoryLimit: Int
    var entries: [String: Entry] = [:]
    /// The checkpoint that answers requests which name none.
    package private(set) var active: String?
    /// The checkpoint that was active before, while it is loaded.
    package private(set) var previous: String?
    private(set) var isStopping = false

    /// A table without checkpoints.
    package init(memoryLimit: Int) {
        self.memoryLimit = memoryLimit
    }

    // MARK: What there is

    /// Takes over what a look at the directory found: what is gone and not loaded is forgotten.
    package mutating func list(_ names: Set<String>) {
        for name in names where entries[name] == nil {
            entries[name] = Entry()
        }
        for (name, entry) in entries {
            entries[name]?.isListed = names.contains(name)
            if !names.contains(name), entry.phase.memory == nil {
                entries[name] = nil
            }
        }
    }

    /// The names of all checkpoints, in order.
    package var names: [String] { entries.keys.sorted() }

    func phase(of name: String) -> Phase? { entries[name]?.phase }

    /// What a checkpoint is doing.
    package func state(of name: String) -> CheckpointState? {
        switch entries[name]?.phase {
        case nil: nil
        case .available: .available
        case .loading: .loading
        case .failed(let reason): .failed(reason: reason)
        case .loaded(let loaded): loaded.isDraining ? .draining : name == active ? .active : .ready
        }
    }

    /// The model of a checkpoint that is loaded, draining or not.
    package func model(of name: String) -> Model? { entries[name]?.phase.loaded?.model }

    /// Requests that a checkpoint is answering.
    package func leaseCount(of name: String) -> Int { entries[name]?.phase.loaded?.leaseCount ?? 0 }

    /// Models that answer requests which name them, in order.
    package var served: [Model] {
        names.compactMap { name in entries[name]?.phase.loaded.flatMap { $0.isDraining ? nil : $0.model } }
    }

    /// Everything that is loaded, to be ended with the server.
    package var loaded: [Model] { names.compactMap { model(of: $0) } }

    // MARK: Memory

    /// What a checkpoint holds, parts that others share included.
    package func memory(of name: String) -> Int? {
        entries[name]?.phase.memory.map(Self.byteCount)
    }

    /// What all checkpoints hold, shared parts once.
    package var memoryInUse: Int { Self.byteCount(partsInUse) }

    private var partsInUse: [MemoryPart] { entries.values.flatMap { $0.phase.memory ?? [] } }

    private static func byteCount(_ parts: [MemoryPart]) -> Int {
        Dictionary(parts.map { ($0.name, $0.byteCount) }, uniquingKeysWith: max).values.reduce(0, +)
    }

    // MARK: Loading

    /// What a call to `load` asks of the caller.
    package enum Step: Equatable, Sendable {
        /// The checkpoint is to be read, and its end told.
        case begin
        /// It was loaded before, and is active if that was asked for.
        case done
    }

    /// Begins to load a checkpoint, to make it the active one afterwards if asked to; one that is loaded becomes active at
    /// once.
    ///
    /// - Throws: `unknown`, `busy`, `draining`, `stopping`
    package mutating func load(_ name: String, activates: Bool) throws(StoreError) -> Step {
        guard !isStopping else { throw .stopping }
        guard let entry = entries[name] else { throw .unknown(name: name, available: names) }
        if case .loaded(let loaded) = entry.phase {
            guard !loaded.isDraining else { throw .draining(name: name) }
            if activates { makeActive(name) }
            return .done
        }
        if let loading { throw .busy(loading: loading) }
        entries[name]?.phase = .loading(memory: [], activates: activates)
        return .begin
    }

    /// The checkpoint that is loading.
    package var loading: String? {
        entries.first { if case .loading = $0.value.phase { true } else { false } }?.key
    }

    /// Reserves what the loading checkpoint will take.
    ///
    /// - Throws: `overMemoryLimit`; then the load has failed, once that is told.
    package mutating func reserve(_ parts: [MemoryPart], for name: String) throws(StoreError) {
        guard case .loading(_, let activates) = entries[name]?.phase else { return }
        let used = memoryInUse
        let together = Self.byteCount(partsInUse + parts)
        guard together <= memoryLimit else {
            throw .overMemoryLimit(name: name, needed: together - used, used: used, limit: memoryLimit)
        }
        entries[name]?.phase = .loading(memory: parts, activates: activates)
    }

    /// A load that ended well: the model answers from now on.
    ///
    /// - Returns: whether it is taken; else it is to be ended, for the server is stopping.
    package mutating func finishLoading(_ name: String, _ model: Model) -> Bool {
        guard case .loading(let memory, let activates) = entries[name]?.phase, !isStopping else { return false }
        entries[name]?.phase = .loaded(Loaded(model: model, memory: memory))
        if activates { makeActive(name) }
        return true
    }

    /// A load that failed: what was active still is.
    package mutating func failLoading(_ name: String, reason: String) {
        guard case .loading = entries[name]?.phase else { return }
        entries[name]?.phase = .failed(reason: reason)
    }

    // MARK: Switching

    /// Makes the checkpoint active that was so before, which thereby is the one to come back to.
    ///
    /// - Throws: `nothingToRollBackTo`, `stopping`
    package mutating func rollBack() throws(StoreError) -> String {
        guard !isStopping else { throw .stopping }
        guard let previous else { throw .nothingToRollBackTo }
        makeActive(previous)
        return previous
    }

    private mutating func makeActive(_ name: String) {
        guard name != active else { return }
        previous = active
        active = name
    }

    // MARK: Unloading

    /// Gives a checkpoint up: nothing new reaches it. It is to be ended when it has no leases.
    ///
    /// - Throws: `unknown`, `inUse`, `notLoaded`, `draining`, `busy`, `stopping`
    package mutating func unload(_ name: String) throws(StoreError) {
        guard !isStopping else { throw .stopping }
        guard let entry = entries[name] else { throw .unknown(name: name, available: names) }
        guard case .loaded(var loaded) = entry.phase else {
            if case .loading = entry.phase { throw .busy(loading: name) }
            throw .notLoaded(name: name)
        }
        guard !loaded.isDraining else { throw .draining(name: name) }
        guard name != active else { throw .inUse(name: name) }
        loaded.isDraining = true
        entries[name]?.phase = .loaded(loaded)
        if previous == name { previous = nil }
    }

    /// A model that was given up has ended.
    package mutating func finishUnloading(_ name: String) {
        guard let entry = entries[name], entry.phase.loaded?.isDraining == true else { return }
        entries[name] = entry.isListed ? Entry() : nil
    }

    /// Takes nothing more; what is under way may go on.
    package mutating func stop() {
        isStopping = true
    }
}

extension CheckpointTable.Phase {
    var loaded: CheckpointTable.Loaded? {
        if case .loaded(let loaded) = self { loaded } else { nil }
    }

    /// What is taken or reserved; nil of a checkpoint that is neither loaded nor loading.
    var memory: [MemoryPart]? {
        switch self {
        case .available, .failed: nil
        case .loading(let memory, _): memory
        case .loaded(let loaded): loaded.memory
        }
    }
}
