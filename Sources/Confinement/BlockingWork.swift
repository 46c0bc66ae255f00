import Dispatch

/// Runs work that takes a processor for a while on a queue, which the cooperative pool must not lend, and awaits its value.
///
/// The queue must not be a global one: on Linux the pool's threads are those.
package func runBlocking<Value: Sendable>(
    on queue: DispatchQueue, _ work: @escaping @Sendable () -> Value
) async -> Value {
    // The value is handed over in confined state. A continuation would carry it too, but where it is resumed before the
    // task sleeps, ThreadSanitizer does not see that the one comes before the other.
    let outcome = Confined<Value?>(nil)
    await withCheckedContinuation { continuation in
        queue.async {
            let value = work()
            outcome.withState { $0 = value }
            continuation.resume()
        }
    }
    guard let value = outcome.withState({ $0 }) else { preconditionFailure("resumed without a value") }
    return value
}
