import Foundation
import Glibc
import HTTP
import TestSupport
import Testing

@Suite("HTTPClient")
struct HTTPClientTests {
    @Test("A client sends method, target, fields and body, and reads status and content")
    func exchange() async throws {
        try await withServer { server in
            let port = server.address.port
            for (method, target, body, expected) in [
                (HTTPMethod.get, "/here", "", "GET /here "), (.post, "/there", "words", "POST /there words"),
                (.post, "/large", String(repeating: "x", count: 300_000), nil),
            ] as [(HTTPMethod, String, String, String?)] {
                let answer = await onThread {
                    Result {
                        try HTTPClient(host: "127.0.0.1", port: port).send(method, target, body: Array(body.utf8))
                    }
                }
                let found = try answer.get()
                #expect(found.status == 200)
                #expect(String(decoding: found.body, as: UTF8.self) == expected ?? "\(method) \(target) \(body)")
            }
            let refused = await onThread {
                Result {
                    try HTTPClient(host: "localhost", port: port)
                        .send(.post, "/refused", headers: ["Content-Type": "text/plain"], body: [1])
                }
            }
            #expect(try refused.get().status == 415)
        }
    }

    @Test("Where nobody listens, and where the host is none, the error names the address")
    func nobody() async throws {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        let port = listener.address.port
        await listener.close()
        #expect(
            throws: HTTPClientError.systemCall("connect", address: "127.0.0.1:\(port)", code: ECONNREFUSED)
        ) { try HTTPClient(host: "127.0.0.1", port: port).send(.get, "/") }
        #expect(throws: HTTPClientError.self) { try HTTPClient(host: "no.such.host.invalid", port: 1).send(.get, "/") }
    }

    @Test(
        "What is no complete HTTP/1.1 response is refused",
        arguments: [
            "", "hello", "\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhello", "HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n",
            "HTTP/2 200\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        ])
    func malformed(response: String) async throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = listen(descriptor, 1)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        let port = Int(in_port_t(bigEndian: address.sin_port))
        async let answered: Void = onThread {
            let connection = accept(descriptor, nil, nil)
            var request = [UInt8](repeating: 0, count: 4096)
            _ = recv(connection, &request, request.count, 0)
            _ = Glibc.send(connection, response, response.utf8.count, Int32(MSG_NOSIGNAL))
            close(connection)
        }
        let answer = await onThread { Result { try HTTPClient(host: "127.0.0.1", port: port).send(.get, "/") } }
        await answered
        #expect(throws: HTTPClientError.malformedResponse(address: "127.0.0.1:\(port)")) { try answer.get() }
    }
}
