import Dispatch
import Glibc

/// A listening TCP or Unix socket.
///
/// Unchecked: everything mutable is touched on `queue` only.
package final class Listener: @unchecked Sendable {
    /// What it listens on; a requested port 0 is replaced by the one that the system chose.
    package let address: SocketAddress

    /// How long accepting rests when the process has no descriptors left: the pending connection stays readable, and
    /// without the rest the queue would spin on it.
    private static let restAfterFailure = DispatchTimeInterval.milliseconds(100)
    /// How many connections are accepted before other work of the queue has its turn.
    private static let acceptsInARow = 64

    private let descriptor: Int32
    private let queue = DispatchQueue(label: "http.listener")
    private var source: (any DispatchSourceRead)?
    private var isClosed = false
    private var closeWaiters: [CheckedContinuation<Void, Never>] = []

    /// Binds and listens; connections wait in the backlog until ``start(_:)``.
    ///
    /// Looks the host up, which can block.
    ///
    /// - Parameters:
    ///   - host: an IPv4 or IPv6 address or a name. A name with several addresses is bound at its first one, IPv4 before
    ///     IPv6. `::` takes IPv4 too, where the system is set so.
    ///   - port: 0 for any free one.
    ///   - backlog: how many connections the system may hold unaccepted.
    package init(host: String, port: Int, backlog: Int32 = 4096) throws(ListenerError) {
        guard let port = UInt16(exactly: port) else { throw .invalidPort(port) }
        descriptor = try Self.boundDescriptor(host: host, port: port)
        let requested = SocketAddress.internet(host: host, port: Int(port))
        try Self.listen(descriptor, backlog, requested)
        guard let address = SocketAddress(localOf: descriptor) else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw .systemCall("getsockname", address: requested.description, code: code)
        }
        self.address = address
    }

    /// Binds and listens at a path, which the owner of the process and his group may then connect to. A socket that a
    /// server left behind is replaced; another file is not. The file goes when the listener is closed.
    ///
    /// - Parameters:
    ///   - path: at most 107 bytes.
    ///   - backlog: how many connections the system may hold unaccepted.
    package init(unixPath path: String, backlog: Int32 = 4096) throws(ListenerError) {
        address = .unix(path: path)
        descriptor = try UnixSocket.bind(path)
        try Self.listen(descriptor, backlog, address)
    }

    private static func listen(
        _ descriptor: Int32, _ backlog: Int32, _ address: SocketAddress
    ) throws(ListenerError) {
        guard Glibc.listen(descriptor, backlog) == 0 else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw .systemCall("listen", address: address.description, code: code)
        }
    }

    deinit {
        // With a source, its cancellation closes the descriptor.
        guard source == nil, !isClosed else { return }
        _ = Glibc.close(descriptor)
        if case .unix(let path) = address { _ = unlink(path) }
    }

    /// Begins to accept.
    ///
    /// - Parameter onAccept: takes over each new socket; called on the listener's queue.
    func start(_ onAccept: @escaping @Sendable (Socket, _ peer: String?) -> Void) {
        queue.async { [self] in
            guard source == nil, !isClosed else { return }
            let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler { [weak self] in self?.accept(onAccept) }
            source.setCancelHandler { [self] in finishClosing() }
            self.source = source
            source.activate()
        }
    }

    /// Stops listening; afterwards the port is free again. Connections in the backlog are reset by the system.
    package func close() async {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                if isClosed {
                    continuation.resume()
                    return
                }
                closeWaiters.append(continuation)
                if let source {
                    source.cancel()
                } else {
                    finishClosing()
                }
            }
        }
    }

    private func finishClosing() {
        _ = Glibc.close(descriptor)
        if case .unix(let path) = address { _ = unlink(path) }
        isClosed = true
        for waiter in closeWaiters { waiter.resume() }
        closeWaiters = []
    }

    private func accept(_ onAccept: (Socket, String?) -> Void) {
        for _ in 0..<Self.acceptsInARow {
            if let (socket, peer) = Socket.accept(from: descriptor) {
                socket.prepareForResponses()
                onAccept(socket, peer)
                continue
            }
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: rest()
            // EAGAIN: no more. Anything else belongs to a connection that has failed before it was accepted.
            default: break
            }
            return
        }
    }

    private func rest() {
        source?.suspend()
        // Resumed even when cancelled meanwhile: a suspended source never runs its cancel handler.
        queue.asyncAfter(deadline: .now() + Self.restAfterFailure) { [self] in source?.resume() }
    }

    private static func boundDescriptor(host: String, port: UInt16) throws(ListenerError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var list: UnsafeMutablePointer<addrinfo>?
        // An IPv6 address may stand in brackets, as in a URL.
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        let result = getaddrinfo(name, String(port), &hints, &list)
        guard result == 0 else {
            throw .unresolvedHost(host, reason: String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(list) }
        let entries = sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { $0?.pointee }
        guard let entry = entries.first(where: { $0.ai_family == AF_INET }) ?? entries.first else {
            throw .unresolvedHost(host, reason: "the list of addresses is empty")
        }
        let address = SocketAddress.internet(host: name, port: Int(port)).description
        let descriptor = socket(
            entry.ai_family, entry.ai_socktype | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            entry.ai_protocol)
        guard descriptor >= 0 else { throw .systemCall("socket", address: address, code: errno) }
        // A server that starts again at once finds connections of the one before in TIME_WAIT.
        guard Socket(descriptor: descriptor).setOption(Int(SOL_SOCKET), SO_REUSEADDR, to: 1),
            bind(descriptor, entry.ai_addr, entry.ai_addrlen) == 0
        else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw .systemCall("bind", address: address, code: code)
        }
        return descriptor
    }
}
