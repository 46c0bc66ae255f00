import Glibc

/// A numeric host and a port.
package struct SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address, for example `127.0.0.1` or `::1`.
    package let host: String
    /// The TCP port; 0 only before the system has chosen one.
    package let port: Int

    /// Takes both as they are: nothing is resolved.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Whether only this machine reaches it (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
    package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }

    /// `host:port`, an IPv6 host in brackets.
    package var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension SocketAddress {
    /// The address that a socket is bound to; nil when the system cannot tell.
    init?(localOf descriptor: Int32) {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { return nil }
        let address = withUnsafePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length: length) }
        }
        guard let address else { return nil }
        self = address
    }

    /// The numeric form of a system address.
    init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = getnameinfo(
            address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
            NI_NUMERICHOST | NI_NUMERICSERV)
        guard result == 0, let port = Int(service.text) else { return nil }
        self.init(host: host.text, port: port)
    }
}

extension [CChar] {
    /// The text before the first NUL.
    fileprivate var text: String {
        String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
