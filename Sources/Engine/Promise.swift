import Confinement

/// One value that one thread delivers once and one task awaits.
package final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case pending
        case awaited(CheckedContinuation<Void, Never>)
        case fulfilled(Result<Value, EngineError>)
    }

    private let state = Confined(State.pending)

    /// Waits for its outcome.
    package init() {}

    /// Delivers the outcome; what comes after the first is dropped, so that an end and a cancellation may race.
    package func fulfil(_ result: Result<Value, EngineError>) {
        let continuation = state.withState { state -> CheckedContinuation<Void, Never>? in
            switch state {
            case .pending:
                state = .fulfilled(result)
                return nil
            case .awaited(let continuation):
                state = .fulfilled(result)
                return continuation
            case .fulfilled:
                return nil
            }
        }
        continuation?.resume()
    }

    /// The outcome, once it is there. At most one task may wait.
    package func value() async throws(EngineError) -> Value {
        await withCheckedContinuation { continuation in
            let isFulfilled = state.withState { state in
                switch state {
                case .pending:
                    state = .awaited(continuation)
                    return false
                case .fulfilled:
                    return true
                case .awaited:
                    preconditionFailure("two tasks await one promise")
                }
            }
            if isFulfilled {
                continuation.resume()
            }
        }
        return try state.withState { state in
            guard case .fulfilled(let result) = state else { preconditionFailure("resumed without an outcome") }
            return result
        }.get()
    }
}
