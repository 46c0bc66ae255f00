import CSockets
import Glibc

/// A connected, non-blocking stream socket. Whoever holds it closes it, once.
struct Socket: Sendable {
    let descriptor: Int32

    /// The next connection of a listening socket and the numeric host of its other end, which a Unix socket has not; or nil
    /// with `errno` set.
    static func accept(from listener: Int32) -> (Socket, peer: String?)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept4(listener, $0, &length, flags) }
        }
        guard descriptor >= 0 else { return nil }
        let peer = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length: length)?.host }
        }
        return (Socket(descriptor: descriptor), peer)
    }

    /// What a call moved.
    enum Outcome: Equatable {
        /// At least one byte.
        case bytes(Int)
        /// The peer has shut down its side; only of receiving.
        case endOfStream
        /// Not now.
        case wouldBlock
        /// The connection is broken.
        case failed
    }

    /// Receives into the whole of `buffer`.
    func receive(into buffer: inout [UInt8]) -> Outcome {
        let count = buffer.withUnsafeMutableBytes { bytes in
            retryingInterrupted { recv(descriptor, bytes.baseAddress, bytes.count, 0) }
        }
        return count == 0 ? .endOfStream : outcome(count)
    }

    /// Sends the bytes from `offset` on, as many as the system takes. A broken connection raises no SIGPIPE.
    ///
    /// - Precondition: `offset` does not lie behind the end.
    func send(_ buffer: [UInt8], from offset: Int) -> Outcome {
        precondition(offset <= buffer.count, "nothing to send at \(offset) of \(buffer.count)")
        let count = buffer.withUnsafeBytes { bytes in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            return retryingInterrupted {
                Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
        }
        return outcome(count)
    }

    /// Sends FIN; receiving goes on. A failure means that the connection is broken, which the next call reports.
    func finishWriting() {
        _ = Glibc.shutdown(descriptor, Int32(SHUT_WR))
    }

    /// What the system takes of a response beyond what it has sent, in bytes: as much as a fast reader needs. Without a
    /// bound it is megabytes for every client that does not read.
    private static let unsentByteCount: Int32 = 128 * 1024

    /// Sends small responses at once (TCP_NODELAY), and keeps long ones from filling the system's memory. A failure costs
    /// time or memory only, and a Unix socket has neither option.
    func prepareForResponses() {
        setOption(IPPROTO_TCP, TCP_NODELAY, to: 1)
        setOption(IPPROTO_TCP, TCP_NOTSENT_LOWAT, to: Self.unsentByteCount)
    }

    func close() {
        _ = Glibc.close(descriptor)
    }

    /// - Returns: whether the system took the option.
    @discardableResult
    func setOption(_ level: Int, _ name: Int32, to value: Int32) -> Bool {
        withUnsafeBytes(of: value) {
            setsockopt(descriptor, Int32(level), name, $0.baseAddress, socklen_t($0.count)) == 0
        }
    }

    private func outcome(_ count: Int) -> Outcome {
        if count >= 0 { return .bytes(count) }
        return errno == EAGAIN || errno == EWOULDBLOCK ? .wouldBlock : .failed
    }

    private func retryingInterrupted(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
