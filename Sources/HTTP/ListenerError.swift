import Glibc

/// Why the server cannot listen.
package enum ListenerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The port is not in 0...65535.
    case invalidPort(Int)
    /// The host has no address.
    case unresolvedHost(String, reason: String)
    /// A Unix socket's path is empty, holds NUL, or is longer than the system allows.
    case invalidPath(String, limit: Int)
    /// A system call failed.
    ///
    /// - Parameters:
    ///   - call: its name, for example `bind`.
    ///   - address: what it was to listen on.
    ///   - code: the `errno`.
    case systemCall(String, address: String, code: Int32)

    package var description: String {
        switch self {
        case .invalidPort(let port): "port \(port) is not in 0...65535"
        case .unresolvedHost(let host, let reason): "host \"\(host)\" has no address: \(reason)"
        case .invalidPath(let path, let limit):
            "the path of a Unix socket has 1 to \(limit) bytes without NUL, not \(path.utf8.count): \(path.utf8.excerpt)"
        case .systemCall(let call, let address, let code):
            "cannot listen on \(address): \(call): \(String(cString: strerror(code)))"
        }
    }
}
