import Grace

/// The checkpoints at one moment.
package struct StoreListing: Sendable {
    /// One checkpoint.
    package struct Checkpoint: Sendable {
        /// What requests and operators call it.
        package let name: String
        /// What it is doing.
        package let state: CheckpointState
        /// The model, if it is loaded.
        package let model: LoadedModel?
        /// What it takes at most, shared parts included, in bytes; nil where it takes nothing.
        package let memory: Int?
        /// Requests that it is answering.
        package let leaseCount: Int
    }

    /// All of them, in the order of their names.
    package let checkpoints: [Checkpoint]
    /// The checkpoint that answers requests which name none.
    package let active: String?
    /// The checkpoint to roll back to.
    package let previous: String?
    /// What all take at most, shared parts once, in bytes.
    package let memoryInUse: Int
    /// What they may take, in bytes.
    package let memoryLimit: Int

    init(of table: CheckpointTable<ServedModel>) {
        checkpoints = table.names.compactMap { name in
            table.state(of: name).map { state in
                Checkpoint(
                    name: name, state: state, model: table.model(of: name)?.embedder.model,
                    memory: table.memory(of: name),
                    leaseCount: table.leaseCount(of: name))
            }
        }
        active = table.active
        previous = table.previous
        memoryInUse = table.memoryInUse
        memoryLimit = table.memoryLimit
    }

    /// The model that answers requests which name none.
    package var activeModel: LoadedModel? { checkpoints.first { $0.name == active }?.model }

    /// Those that answer requests.
    package var served: [Checkpoint] {
        checkpoints.filter { $0.state == .ready || $0.state == .active }
    }
}
