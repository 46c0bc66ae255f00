import Dispatch

/// Lets several engines of a process run their steps one after the other.
///
/// A step takes all threads that compute. Two at once would have twice as many threads as there are cores, each of which
/// waits, spinning, for others that do not run: far slower than one after the other.
package final class StepTurns: Sendable {
    // A serial queue gives turns in the order in which they are asked for: no engine waits for more than one step of each other.
    private let queue = DispatchQueue(label: "step turns")

    /// Turns for the engines that are given this value.
    package init() {}

    func take<Result>(_ step: () -> Result) -> Result {
        queue.sync(execute: step)
    }
}
