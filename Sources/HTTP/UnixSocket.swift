import Glibc

/// Binding a Unix socket.
enum UnixSocket {
    /// A socket that is bound at the path, not yet listening; only the owner and the group may connect.
    ///
    /// - Throws: `ListenerError.pathTooLong`, `.systemCall`
    static func bind(_ path: String) throws(ListenerError) -> Int32 {
        let name = "unix:\(path)"
        let address = try address(of: path)
        removeLeftOver(path, address)
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .systemCall("socket", address: name, code: errno) }
        // Nobody can connect before it listens, so the mode is set in time.
        guard call(Glibc.bind, descriptor, address) == 0, chmod(path, 0o660) == 0 else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw .systemCall("bind", address: name, code: code)
        }
        return descriptor
    }

    /// A server that was killed leaves its socket behind, and the next one could not bind there. Whether somebody listens is
    /// known by asking.
    private static func removeLeftOver(_ path: String, _ address: sockaddr_un) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        // A server that is stuck must not hold this one up: its full backlog is no refusal.
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { _ = Glibc.close(descriptor) }
        if call(Glibc.connect, descriptor, address) != 0, errno == ECONNREFUSED { _ = unlink(path) }
    }

    private static func address(of path: String) throws(ListenerError) -> sockaddr_un {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // The last byte stays NUL.
        let limit = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard !bytes.isEmpty, bytes.count <= limit, !bytes.contains(0) else {
            throw .invalidPath(path, limit: limit)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32, _ address: sockaddr_un
    ) -> Int32 {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
