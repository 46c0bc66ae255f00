import Glibc

/// A connected, non-blocking stream socket. Whoever holds it closes it, once.
struct Socket: Sendable {
    let descriptor: Int32

    /// The next connection of a listening socket, or nil with `errno` set.
    static func accept(from listener: Int32) -> Socket? {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) >= 0
        else {
            let code = errno
            _ = Glibc.close(descriptor)
            errno = code
            return nil
        }
        return Socket(descriptor: descriptor)
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
    /// - Precondition: `offset` lies before the end.
    func send(_ buffer: [UInt8], from offset: Int) -> Outcome {
        precondition(offset < buffer.count, "nothing to send at \(offset) of \(buffer.count)")
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

    /// Sends small responses at once (TCP_NODELAY). A failure costs time only, and a Unix socket has no such option.
    func disableDelay() {
        setOption(IPPROTO_TCP, TCP_NODELAY, to: 1)
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
