/// Where a server listens: `http://host:port`.
package struct ServerAddress: Sendable, Equatable, CustomStringConvertible {
    /// A name or an address; one of version 6 without its brackets.
    package let host: String
    /// 80 where none is given.
    package let port: Int

    /// Reads an address; nil where it is none, has a path, or asks for TLS, which the client does not speak.
    package init?(_ text: String) {
        guard text.hasPrefix("http://") else { return nil }
        var rest = text.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest.removeLast() }
        guard !rest.isEmpty, !rest.contains("/"), !rest.contains("@"), !rest.contains(" ") else { return nil }
        let hostEnd: Substring.Index
        if rest.hasPrefix("[") {
            guard let bracket = rest.firstIndex(of: "]") else { return nil }
            host = String(rest[rest.index(after: rest.startIndex)..<bracket])
            hostEnd = rest.index(after: bracket)
        } else {
            hostEnd = rest.firstIndex(of: ":") ?? rest.endIndex
            host = String(rest[..<hostEnd])
        }
        if hostEnd == rest.endIndex {
            port = 80
        } else {
            guard rest[hostEnd] == ":", let port = Int(rest[rest.index(after: hostEnd)...]), (1...65535).contains(port)
            else { return nil }
            self.port = port
        }
        guard !host.isEmpty else { return nil }
    }

    package var description: String { host.contains(":") ? "http://[\(host)]:\(port)" : "http://\(host):\(port)" }
}
