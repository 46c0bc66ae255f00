import Confinement
import Glibc
import TLS

/// Listeners, their connections, and what bounds them.
package final class HTTPServer: Sendable {
    /// Connections over a limit that may be told so at a time; any more are closed without a word.
    private static let maxRefusedConnections = 128

    /// What all connections of a server have in common.
    struct Shared: Sendable {
        let handler: any HTTPHandler
        let limits: HTTPLimits
        let budget: ByteBudget
        let observer: (any HTTPObserver)?
    }

    private struct State {
        var counts: ConnectionCounts
        var served: [ObjectIdentifier: Connection] = [:]
        var refused: [ObjectIdentifier: Connection] = [:]
        var acceptedCount = 0
        var isShuttingDown = false
        var shutdownWaiters: [CheckedContinuation<Void, Never>] = []

        var isEmpty: Bool { served.isEmpty && refused.isEmpty }
        var connections: [Connection] { Array(served.values) + Array(refused.values) }
    }

    private let listeners: [Listener]
    private let tls: TLSReloader?
    private let shared: Shared
    private let loops: [EventLoop]
    private let state: Confined<State>

    /// Takes the listeners over, of which there is at least one; nothing is accepted before `start()`.
    ///
    /// - Parameter tls: encrypts what goes over the network; Unix sockets are plain.
    /// - Throws: `ListenerError.systemCall` where the process has no descriptors left
    package init(
        listeners: [Listener], handler: any HTTPHandler, limits: HTTPLimits = HTTPLimits(),
        observer: (any HTTPObserver)? = nil, tls: TLSReloader? = nil
    ) throws(ListenerError) {
        precondition(!listeners.isEmpty, "a server listens somewhere")
        self.listeners = listeners
        self.tls = tls
        state = Confined(State(counts: ConnectionCounts(limits: limits)))
        shared = Shared(
            handler: handler, limits: limits, budget: ByteBudget(limit: limits.maxBufferedSize), observer: observer)
        var loops: [EventLoop] = []
        for index in 0..<min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
            loops.append(try EventLoop(index: index))
        }
        self.loops = loops
    }

    /// What the server listens on.
    package var addresses: [SocketAddress] { listeners.map(\.address) }

    /// The first of them.
    package var address: SocketAddress { listeners[0].address }

    /// How many connections are open.
    package var connectionCount: Int { state.withState { $0.served.count + $0.refused.count } }

    /// Begins to serve.
    package func start() {
        for listener in listeners {
            let isEncrypted = tls != nil && listener.address.host != nil
            listener.start { [self] socket, peer in serve(socket, peer, isEncrypted: isEncrypted) }
        }
    }

    /// Stops accepting, closes idle connections at once, and returns when every request in flight is answered or
    /// `deadline` has passed; what is then left is cancelled and closed.
    ///
    /// Cancelled handlers are not waited for. Safe to call several times: each call returns when all is closed.
    package func shutdown(deadline: Duration) async {
        let connections = state.withState { state in
            state.isShuttingDown = true
            return state.connections
        }
        for connection in connections { connection.shutdown() }
        for listener in listeners { await listener.close() }
        let abort = Task {
            try await Task.sleep(for: deadline)
            for connection in state.withState({ $0.connections }) { connection.abort() }
        }
        await withCheckedContinuation { continuation in
            let isDone = state.withState { state in
                if state.isEmpty { return true }
                state.shutdownWaiters.append(continuation)
                return false
            }
            if isDone { continuation.resume() }
        }
        abort.cancel()
    }

    private func serve(_ socket: Socket, _ peer: String?, isEncrypted: Bool) {
        let context = isEncrypted ? tls?.current : nil
        let taken = state.withState { state -> (connection: Connection, refusal: HTTPError?)? in
            let refusal = state.counts.refusal(of: peer)
            guard !state.isShuttingDown, refusal == nil || state.refused.count < Self.maxRefusedConnections else {
                return nil
            }
            let connection = Connection(
                socket: socket, peer: peer, loop: loops[state.acceptedCount % loops.count], context: context,
                shared: shared, refusal: refusal
            ) { [weak self] in self?.remove($0) }
            state.acceptedCount += 1
            if refusal == nil {
                state.counts.open(peer)
                state.served[ObjectIdentifier(connection)] = connection
            } else {
                state.refused[ObjectIdentifier(connection)] = connection
            }
            return (connection, refusal)
        }
        guard let (connection, refusal) = taken else {
            socket.close()
            shared.observer?.observe(.dropped)
            return
        }
        shared.observer?.observe(refusal.map { .refused($0) } ?? .opened)
        connection.start()
    }

    private func remove(_ connection: Connection) {
        let (wasServed, waiters) = state.withState { state -> (Bool, [CheckedContinuation<Void, Never>]) in
            let wasServed = state.served.removeValue(forKey: ObjectIdentifier(connection)) != nil
            if wasServed { state.counts.close(connection.peer) }
            state.refused[ObjectIdentifier(connection)] = nil
            guard state.isShuttingDown, state.isEmpty else { return (wasServed, []) }
            defer { state.shutdownWaiters = [] }
            return (wasServed, state.shutdownWaiters)
        }
        if wasServed { shared.observer?.observe(.closed) }
        for waiter in waiters { waiter.resume() }
    }
}
