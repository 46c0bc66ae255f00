import Glibc

/// Why a request got no answer.
package enum HTTPClientError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The host has no address.
    case unresolvedHost(String, reason: String)
    /// Nobody listens there, or the connection broke.
    case systemCall(String, address: String, code: Int32)
    /// What came back is not an HTTP response.
    case malformedResponse(address: String)

    package var description: String {
        switch self {
        case .unresolvedHost(let host, let reason): "host \"\(host)\" has no address: \(reason)"
        case .systemCall(let call, let address, let code):
            "no answer from \(address): \(call): \(String(cString: strerror(code)))"
        case .malformedResponse(let address): "\(address) did not answer in HTTP/1.1"
        }
    }
}

/// One request on a connection of its own, for the command line. Blocks; no proxies, redirects or TLS.
package struct HTTPClient: Sendable {
    /// A complete answer.
    package struct Answer: Sendable, Equatable {
        /// The status code.
        package let status: Int
        /// The content.
        package let body: [UInt8]
    }

    private let host: String
    private let port: Int

    /// A client of this server.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    private var address: String { SocketAddress.internet(host: host, port: port).description }

    /// Sends a request and waits for its answer, as long as that takes.
    ///
    /// - Throws: `HTTPClientError`
    package func send(
        _ method: HTTPMethod, _ target: String, headers: HTTPFields = [:], body: [UInt8] = []
    ) throws(HTTPClientError) -> Answer {
        let descriptor = try connectedDescriptor()
        defer { close(descriptor) }
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(address)\r\nConnection: close\r\n"
        for line in headers.lines { head += "\(line.name): \(line.value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        try send(Array(head.utf8) + body, on: descriptor)
        return try answer(try receiveAll(on: descriptor))
    }

    private func connectedDescriptor() throws(HTTPClientError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), &hints, &list)
        guard result == 0, let first = list else {
            throw .unresolvedHost(host, reason: String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(list) }
        var code: Int32 = 0
        for entry in sequence(first: first, next: { $0.pointee.ai_next }).map(\.pointee) {
            let descriptor = socket(
                entry.ai_family, entry.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), entry.ai_protocol)
            if descriptor >= 0, connect(descriptor, entry.ai_addr, entry.ai_addrlen) == 0 { return descriptor }
            code = errno
            if descriptor >= 0 { close(descriptor) }
        }
        throw .systemCall("connect", address: address, code: code)
    }

    private func send(_ bytes: [UInt8], on descriptor: Int32) throws(HTTPClientError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { rest in
                Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 || errno == EINTR else { throw .systemCall("send", address: address, code: errno) }
            sent += max(0, count)
        }
    }

    private func receiveAll(on descriptor: Int32) throws(HTTPClientError) -> [UInt8] {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count == 0 { return received }
            guard count > 0 || errno == EINTR else { throw .systemCall("recv", address: address, code: errno) }
            received += buffer.prefix(max(0, count))
        }
    }

    /// The server says how long its content is, and closes behind it (RFC 9112, section 6.3).
    private func answer(_ bytes: [UInt8]) throws(HTTPClientError) -> Answer {
        let blankLine = Array("\r\n\r\n".utf8)
        let ends = bytes.indices.dropLast(min(3, bytes.count))
        guard let end = ends.first(where: { bytes[$0..<$0 + 4].elementsEqual(blankLine) }) else {
            throw .malformedResponse(address: address)
        }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let statusLine = lines.first?.split(separator: " ", maxSplits: 2) ?? []
        let lengths = lines.dropFirst().compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].trimmingWhitespace())
        }
        let body = bytes[(end + 4)...]
        guard statusLine.count >= 2, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]),
            lengths == [body.count]
        else { throw .malformedResponse(address: address) }
        return Answer(status: status, body: Array(body))
    }
}
