import Confinement

/// The model that is served. Each request takes one reference and keeps it until it is answered.
package final class ModelStore: Sendable {
    /// What can be said of the model.
    package enum State: Sendable {
        case loading(name: String)
        case ready(Embedder)
        case failed(reason: String)
        case stopping
    }

    private let current: Confined<State>

    /// A store that waits for a model.
    package init(loading name: String) {
        current = Confined(.loading(name: name))
    }

    /// The state at this moment; another thread may change it at any time.
    package var state: State { current.withState { $0 } }

    /// Moves to another state, except from `stopping`, which is the last.
    package func enter(_ state: State) {
        current.withState { current in
            if case .stopping = current { return }
            current = state
        }
    }

    /// The model to answer with; nil, and why, when there is none.
    package func embedder() -> Result<Embedder, Unavailable> {
        switch state {
        case .ready(let embedder): .success(embedder)
        case .loading(let name): .failure(Unavailable(reason: "the model \(name) is loading"))
        case .failed(let reason): .failure(Unavailable(reason: "no model is loaded: \(reason)"))
        case .stopping: .failure(Unavailable(reason: "the server is stopping"))
        }
    }

    /// Why no model can answer.
    package struct Unavailable: Error, Equatable, Sendable {
        /// For the client, in one line.
        package let reason: String
    }
}
