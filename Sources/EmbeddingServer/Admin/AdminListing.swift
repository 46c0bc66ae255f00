import Grace
import Serving

/// The answer of the operator's routes: the checkpoints, and what they take.
struct AdminListing: Encodable {
    struct Checkpoint: Encodable {
        let name: String
        let state: String
        /// Why it failed.
        let reason: String?
        /// `name@` and the beginning of the fingerprint.
        let checkpoint: String?
        let fingerprint: String?
        /// What its adapter stands on.
        let base: String?
        let architecture: String?
        let dimensions: Int?
        let compute: String?
        /// What it takes at most, in bytes.
        let memory_bytes: Int?
        /// Requests that it is answering.
        let requests: Int
    }

    struct Memory: Encodable {
        let used_bytes: Int
        let limit_bytes: Int
    }

    struct Canary: Encodable {
        let checkpoint: String
        let share: Double
    }

    let checkpoints: [Checkpoint]
    let active: String?
    let previous: String?
    let memory: Memory
    let canary: Canary?

    init(_ listing: StoreListing, _ routing: CheckpointRouting) {
        checkpoints = listing.checkpoints.map { checkpoint in
            Checkpoint(
                name: checkpoint.name, state: checkpoint.state.name, reason: checkpoint.state.reason,
                checkpoint: checkpoint.model?.identity.description,
                fingerprint: checkpoint.model?.identity.fingerprint, base: checkpoint.model?.baseName,
                architecture: checkpoint.model?.architecture, dimensions: checkpoint.model?.dimensions,
                compute: checkpoint.model?.compute, memory_bytes: checkpoint.memory, requests: checkpoint.leaseCount)
        }
        active = listing.active
        previous = listing.previous
        memory = Memory(used_bytes: listing.memoryInUse, limit_bytes: listing.memoryLimit)
        canary = routing.canary.map { Canary(checkpoint: $0.checkpoint, share: $0.share) }
    }
}
