import Confinement

/// One value that one thread delivers once and one task awaits.
final class Promise<Value: Sendable>: Sendable {
    private enum State {
        case pending
        case awaited(CheckedContinuation<Result<Value, EngineError>, Never>)
        case fulfilled(Result<Value, EngineError>)
    }

    private let state = Confined(State.pending)

    /// Delivers the outcome; what comes after the first is dropped, so that an end and a cancellation may race.
    func fulfil(_ result: Result<Value, EngineError>) {
        let continuation = state.withState { state -> CheckedContinuation<Result<Value, EngineError>, Never>? in
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
        continuation?.resume(returning: result)
    }

    /// The outcome, once it is there. At most one task may wait.
    func value() async throws(EngineError) -> Value {
        let result = await withCheckedContinuation { continuation in
            let ready = state.withState { state -> Result<Value, EngineError>? in
                switch state {
                case .pending:
                    state = .awaited(continuation)
                    return nil
                case .fulfilled(let result):
                    return result
                case .awaited:
                    preconditionFailure("two tasks await one promise")
                }
            }
            if let ready {
                continuation.resume(returning: ready)
            }
        }
        return try result.get()
    }
}
