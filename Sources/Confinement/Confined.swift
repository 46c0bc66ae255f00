import Dispatch

/// State that several threads share, confined to a serial queue: what a lock is for.
///
/// A queue and not `Synchronization.Mutex`: on Linux that hands itself over inside the kernel, where ThreadSanitizer does
/// not see it and reports races that are none. See docs/decisions/confined-state.md.
// Unchecked: `state` is touched on `queue` only.
package final class Confined<State>: @unchecked Sendable {
    private let queue = DispatchQueue(label: "confined")
    private var state: State

    /// Takes the state over: nobody else can touch it any more.
    package init(_ state: sending State) {
        self.state = state
    }

    /// Runs `body` with exclusive access to the state. It must be short, and not ask for the same state again.
    package func withState<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        queue.sync { body(&state) }
    }
}
