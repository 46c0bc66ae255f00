import Grace
import Metrics
import Serving

/// Which checkpoints there are, and what happened to them.
package struct CheckpointMetrics: Sendable {
    private let loads: Counter
    private let failures: Counter
    private let activations: Counter
    private let trials: Counter

    init(_ registry: Registry) {
        loads = registry.counter("grace_checkpoint_loads_total", "Checkpoints that were loaded.")
        failures = registry.counter("grace_checkpoint_load_failures_total", "Checkpoints that could not be loaded.")
        activations = registry.counter("grace_checkpoint_activations_total", "Checkpoints that became active.")
        trials = registry.counter(
            "grace_canary_requests_total", "Requests without a model name that the checkpoint on trial answered.")
    }

    /// Counts what happens to a checkpoint.
    package func record(_ event: StoreEvent) {
        switch event {
        case .loaded(_, _, let isActive):
            loads.add()
            if isActive { activations.add() }
        case .failed: failures.add()
        case .activated: activations.add()
        case .answeredOnTrial: trials.add()
        case .loading, .draining, .unloaded: break
        }
    }

    /// Adds what is read of a store at every scrape. The store tells these metrics of its events, so they do not keep it alive.
    func add(_ store: ModelStore, to registry: Registry) {
        func read(_ name: String, _ help: String, _ samples: @escaping @Sendable (StoreListing) -> [Registry.Sample]) {
            registry.read(name, help, .gauge) { [weak store] in store.map { samples($0.listing) } ?? [] }
        }
        read("grace_checkpoint_info", "1 for the checkpoint that answers requests which name none, 0 for others.") {
            listing in
            listing.checkpoints.compactMap { checkpoint in
                checkpoint.model.map { model in
                    Registry.Sample(
                        [
                            "checkpoint": checkpoint.name, "fingerprint": model.identity.fingerprint,
                            "compute": model.compute,
                        ], checkpoint.name == listing.active ? 1 : 0)
                }
            }
        }
        read("grace_checkpoint_requests", "Requests that a checkpoint is answering.") { listing in
            listing.checkpoints.filter { $0.model != nil }.map {
                Registry.Sample(["checkpoint": $0.name], Double($0.leaseCount))
            }
        }
        read("grace_checkpoint_memory_bytes", "What a checkpoint takes at most, shared parts included.") { listing in
            listing.checkpoints.compactMap { checkpoint in
                checkpoint.memory.map { Registry.Sample(["checkpoint": checkpoint.name], Double($0)) }
            }
        }
        read("grace_memory_reserved_bytes", "What all checkpoints take at most, shared parts once.") {
            [Registry.Sample([:], Double($0.memoryInUse))]
        }
        read("grace_memory_limit_bytes", "What they may take.") { [Registry.Sample([:], Double($0.memoryLimit))] }
    }
}
