import Glibc

/// What a server listens on.
package enum SocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// A numeric IPv4 or IPv6 address, for example `127.0.0.1` or `::1`, and a TCP port; 0 only before the system has
    /// chosen one.
    case internet(host: String, port: Int)
    /// The path of a Unix socket.
    case unix(path: String)

    /// The numeric address; nil of a Unix socket.
    package var host: String? {
        guard case .internet(let host, _) = self else { return nil }
        return host
    }

    /// The TCP port; 0 of a Unix socket.
    package var port: Int {
        guard case .internet(_, let port) = self else { return 0 }
        return port
    }

    /// Whether only this machine reaches it (RFC 1122, section 3.2.1.3; RFC 4291, section 2.5.3).
    package var isLoopback: Bool { host.map { $0.hasPrefix("127.") || $0 == "::1" } ?? true }

    /// `host:port`, an IPv6 host in brackets; `unix:path`.
    package var description: String {
        switch self {
        case .internet(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
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

    /// The numeric form of a system address; nil of one that is not of the internet.
    init?(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
        guard [AF_INET, AF_INET6].contains(Int32(address.pointee.sa_family)) else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: Int(NI_MAXSERV))
        let result = getnameinfo(
            address, length, &host, socklen_t(host.count), &service, socklen_t(service.count),
            NI_NUMERICHOST | NI_NUMERICSERV)
        guard result == 0, let port = Int(service.text) else { return nil }
        self = .internet(host: host.text, port: port)
    }
}

extension [CChar] {
    /// The text before the first NUL.
    fileprivate var text: String {
        String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
