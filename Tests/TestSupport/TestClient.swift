import Foundation
import Glibc

/// A client on a plain blocking socket, which may do everything that a good client would not.
///
/// Its calls block: tests make them off the cooperative pool with ``onThread(_:)``.
package struct TestClient: Sendable {
    /// The socket.
    package let descriptor: Int32

    /// Connects to 127.0.0.1.
    package init(port: Int, receiveBufferSize: Int32? = nil) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBufferSize {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBufferSize, socklen_t(MemoryLayout<Int32>.size))
        }
        setTimeouts()
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        connect(address)
    }

    /// Connects to a Unix socket, whose path fits its address.
    package init(unixPath: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        setTimeouts()
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: unixPath.utf8) }
        connect(address)
    }

    /// Generous: they end a test that would hang.
    private func setTimeouts() {
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }

    private func connect<Address>(_ address: Address) {
        let result = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
        precondition(result == 0, "cannot connect to \(address): errno \(errno)")
    }

    /// Sends everything, or as much as the server takes before it hangs up.
    package func send(_ text: String) {
        send(Array(text.utf8))
    }

    /// Sends everything, or as much as the server takes before it hangs up.
    package func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Shuts down the sending side: a half-closed client.
    package func finishSending() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// At most `limit` bytes; none at the end of stream.
    package func receive(atMost limit: Int = 65_536) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        let count = recv(descriptor, &buffer, limit, 0)
        return Array(buffer.prefix(max(0, count)))
    }

    /// Everything until the server closes.
    package func receiveAll() -> String {
        var result: [UInt8] = []
        while true {
            let bytes = receive()
            if bytes.isEmpty { return String(decoding: result, as: UTF8.self) }
            result += bytes
        }
    }

    /// Everything up to and with `end`.
    package func receive(through end: String) -> String {
        var result = ""
        while !result.hasSuffix(end) {
            let bytes = receive(atMost: 1)
            if bytes.isEmpty { return result + "<end of stream>" }
            result += String(decoding: bytes, as: UTF8.self)
        }
        return result
    }

    /// Closes the socket with RST: the client is gone, and does not wait for anything.
    package func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// Closes the socket.
    package func close() {
        _ = Glibc.close(descriptor)
    }
}

/// Runs blocking calls on a thread of their own.
package func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
