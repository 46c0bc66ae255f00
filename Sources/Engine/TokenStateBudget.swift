import Confinement

/// How many token states an engine's requests keep together, for those that want them: what is kept is reserved before
/// the request is submitted, and given back when nobody holds the reservation any more.
package final class TokenStateBudget: Sendable {
    /// Room for the states of some tokens, for as long as somebody holds it.
    package final class Reservation: Sendable {
        private let budget: TokenStateBudget
        private let count: Int

        fileprivate init(_ budget: TokenStateBudget, count: Int) {
            self.budget = budget
            self.count = count
        }

        deinit {
            budget.present.withState { $0 -= count }
        }
    }

    /// Tokens whose states may be kept at a time.
    package let limit: Int
    private let present = Confined(0)

    /// An empty budget.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Tokens that there is a reservation for.
    package var reservedCount: Int { present.withState { $0 } }

    /// Room for all states that the requests can come to pool.
    ///
    /// - Throws: `EngineError.tooManyTokenStates`, `.tokenStatesFull`
    package func reserve(_ requests: [GenerationRequest]) throws(EngineError) -> Reservation {
        try reserve(requests.reduce(0) { $0 + $1.pooledTokenLimit })
    }

    /// Room for the states of `count` tokens.
    ///
    /// - Throws: `EngineError.tooManyTokenStates`, `.tokenStatesFull`
    package func reserve(_ count: Int) throws(EngineError) -> Reservation {
        guard count <= limit else { throw .tooManyTokenStates(needed: count, limit: limit) }
        let refused = present.withState { present -> Int? in
            guard present + count <= limit else { return present }
            present += count
            return nil
        }
        if let refused { throw .tokenStatesFull(present: refused, needed: count, limit: limit) }
        return Reservation(self, count: count)
    }
}
