/// How many connections a server and each peer of it have. Pure.
package struct ConnectionCounts: Sendable {
    private let limits: HTTPLimits
    private var total = 0
    private var countsByPeer: [String: Int] = [:]

    /// No connections.
    package init(limits: HTTPLimits) {
        self.limits = limits
    }

    /// Why one more connection of this peer is not served; nil if it is. Those of a Unix socket have no peer.
    package func refusal(of peer: String?) -> HTTPError? {
        if total >= limits.maxConnections { return .tooManyConnections(limit: limits.maxConnections) }
        if let peer, countsByPeer[peer, default: 0] >= limits.maxConnectionsPerPeer {
            return .tooManyConnectionsOfPeer(limit: limits.maxConnectionsPerPeer)
        }
        return nil
    }

    /// One more.
    package mutating func open(_ peer: String?) {
        total += 1
        if let peer { countsByPeer[peer, default: 0] += 1 }
    }

    /// One less.
    package mutating func close(_ peer: String?) {
        total -= 1
        guard let peer, let count = countsByPeer[peer] else { return }
        countsByPeer[peer] = count > 1 ? count - 1 : nil
    }
}
