/// What a checkpoint is doing.
package enum CheckpointState: Sendable, Equatable {
    /// It can be loaded.
    case available
    /// It is being read and tried.
    case loading
    /// It answers requests that name it, and can become active at once.
    case ready
    /// It answers requests that name none.
    case active
    /// It is answering its last requests.
    case draining
    /// It could not be loaded.
    case failed(reason: String)

    /// The state in one word.
    package var name: String {
        switch self {
        case .available: "available"
        case .loading: "loading"
        case .ready: "ready"
        case .active: "active"
        case .draining: "draining"
        case .failed: "failed"
        }
    }

    /// Why it failed.
    package var reason: String? {
        if case .failed(let reason) = self { reason } else { nil }
    }
}
