import Grace

/// Why a checkpoint cannot be loaded, switched to, unloaded or asked.
package enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// No checkpoint of that name.
    case unknown(name: String, available: [String])
    /// A request names a checkpoint that does not answer now.
    case notServed(pin: String, served: [String])
    /// One checkpoint is loaded at a time.
    case busy(loading: String)
    /// It is given up, and will be available again when its last request is answered.
    case draining(name: String)
    /// The active checkpoint cannot be unloaded.
    case inUse(name: String)
    /// Only what is loaded can be unloaded.
    case notLoaded(name: String)
    /// No checkpoint was active before, or it is no longer loaded.
    case nothingToRollBackTo
    /// Loading would take more memory than there may be; in bytes.
    case overMemoryLimit(name: String, needed: Int, used: Int, limit: Int)
    /// Its files cannot be served, or it failed its canaries.
    case invalid(name: String, GraceError)
    /// A canary text came out wrong.
    case canary(name: String, CanaryFailure)
    /// Nothing answers yet, or any more.
    case noModel(reason: String)
    /// The server is stopping.
    case stopping

    package var description: String {
        switch self {
        case .unknown(let name, let available):
            "no checkpoint '\(name)'; there are: \(Self.list(available))"
        case .notServed(let pin, let served):
            "no checkpoint '\(pin)' is served; served are: \(Self.list(served))"
        case .busy(let loading): "the checkpoint \(loading) is loading; one is loaded at a time"
        case .draining(let name): "the checkpoint \(name) is being unloaded"
        case .inUse(let name): "the checkpoint \(name) is active; activate another before it is unloaded"
        case .notLoaded(let name): "the checkpoint \(name) is not loaded"
        case .nothingToRollBackTo: "there is no loaded checkpoint that was active before"
        case .overMemoryLimit(let name, let needed, let used, let limit):
            "the checkpoint \(name) needs \(needed) bytes beside the \(used) in use, the memory limit is \(limit)"
        case .invalid(_, let error): "\(error)"
        case .canary(let name, let failure): "the checkpoint \(name) failed its canaries: \(failure)"
        case .noModel(let reason): reason
        case .stopping: "the server is stopping"
        }
    }

    private static func list(_ names: [String]) -> String {
        names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}
