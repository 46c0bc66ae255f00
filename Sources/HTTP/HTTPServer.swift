import Confinement
import Glibc

/// A listener, its connections, and what bounds them.
package final class HTTPServer: Sendable {
    /// Connections over the limit that may be told so at a time; any more are closed without a word.
    private static let maxRefusedConnections = 128

    private struct State {
        var served: [ObjectIdentifier: Connection] = [:]
        var refused: [ObjectIdentifier: Connection] = [:]
        var acceptedCount = 0
        var isShuttingDown = false
        var shutdownWaiters: [CheckedContinuation<Void, Never>] = []

        var isEmpty: Bool { served.isEmpty && refused.isEmpty }
    }

    private let listener: Listener
    private let handler: any HTTPHandler
    private let limits: HTTPLimits
    private let loops: [EventLoop]
    private let state = Confined(State())

    /// Takes the listener over; nothing is accepted before `start()`.
    package init(listener: Listener, handler: any HTTPHandler, limits: HTTPLimits = HTTPLimits()) {
        self.listener = listener
        self.handler = handler
        self.limits = limits
        let processorCount = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        loops = (0..<min(4, processorCount)).map { EventLoop(index: $0) }
    }

    /// What the server listens on.
    package var address: SocketAddress { listener.address }

    /// How many connections are open.
    package var connectionCount: Int { state.withState { $0.served.count + $0.refused.count } }

    /// Begins to serve.
    package func start() {
        listener.start { [self] socket in serve(socket) }
    }

    /// Stops accepting, closes idle connections at once, and returns when every request in flight is answered or
    /// `deadline` has passed; what is then left is cancelled and closed.
    ///
    /// Cancelled handlers are not waited for. Safe to call several times: each call returns when all is closed.
    package func shutdown(deadline: Duration) async {
        let connections = state.withState { state in
            state.isShuttingDown = true
            return Array(state.served.values) + Array(state.refused.values)
        }
        for connection in connections { connection.shutdown() }
        await listener.close()
        let abort = Task {
            try await Task.sleep(for: deadline)
            abortConnections()
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

    private func abortConnections() {
        let connections = state.withState { Array($0.served.values) + Array($0.refused.values) }
        for connection in connections { connection.abort() }
    }

    private func serve(_ socket: Socket) {
        let connection = state.withState { state -> Connection? in
            let isRefused = state.served.count >= limits.maxConnections
            guard !state.isShuttingDown, !isRefused || state.refused.count < Self.maxRefusedConnections else {
                return nil
            }
            let connection = Connection(
                socket: socket, loop: loops[state.acceptedCount % loops.count], handler: handler, limits: limits,
                refusal: isRefused ? .tooManyConnections(limit: limits.maxConnections) : nil
            ) { [weak self] in self?.remove($0) }
            state.acceptedCount += 1
            if isRefused {
                state.refused[ObjectIdentifier(connection)] = connection
            } else {
                state.served[ObjectIdentifier(connection)] = connection
            }
            return connection
        }
        guard let connection else {
            socket.close()
            return
        }
        connection.start()
    }

    private func remove(_ connection: Connection) {
        let waiters = state.withState { state -> [CheckedContinuation<Void, Never>] in
            state.served[ObjectIdentifier(connection)] = nil
            state.refused[ObjectIdentifier(connection)] = nil
            guard state.isShuttingDown, state.isEmpty else { return [] }
            defer { state.shutdownWaiters = [] }
            return state.shutdownWaiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
