import HTTP
import TestSupport
import Testing

/// An event that tests wait for; the wait ends without it only with the test's time limit.
private final class Signal: Sendable {
    private let stream = AsyncStream<Void>.makeStream()

    func fire() { stream.continuation.yield() }

    func wait() async {
        for await _ in stream.stream { return }
    }
}

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"
private let closingGet = "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

@Suite("HTTPServer on a real socket", .timeLimit(.minutes(2)))
struct HTTPServerTests {
    @Test(
        "One exchange until the server closes",
        arguments: [
            (closingGet, ["HTTP/1.1 200 OK", "Connection: close", "Content-Length: 7", "GET /a "]),
            ("GET /a HTTP/1.0\r\n\r\n", ["HTTP/1.1 200 OK", "Connection: close", "GET /a "]),
            ("HEAD /a HTTP/1.0\r\n\r\n", ["HTTP/1.1 200 OK", "Content-Length: 8"]),
            ("GET /a HTTP/1.1\r\nHost: a\r\n\n", ["HTTP/1.1 400 Bad Request", "Connection: close"]),
            ("POST /a HTTP/1.1\r\nHost: a\r\n\r\n", ["HTTP/1.1 411 Length Required"]),
            ("BREW /a HTTP/1.1\r\nHost: a\r\n\r\n", ["HTTP/1.1 501 Not Implemented"]),
            (get + closingGet, ["HTTP/1.1 200 OK", "GET /a HTTP/1.1 200 OK", "Connection: close"]),
            (
                "POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\nhi\r\n0\r\n\r\n", ["HTTP/1.1 200 OK", "POST /a hi"]
            ),
            (
                "POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
                ["HTTP/1.1 415 Unsupported Media Type"]
            ),
        ])
    func exchange(request: String, parts: [String]) async throws {
        try await withServer { server in
            let port = server.address.port
            let response = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send(request)
                return client.receiveAll()
            }
            for part in parts { #expect(response.contains(part), "\(response)") }
            if request.hasPrefix("HEAD") { #expect(response.hasSuffix("\r\n\r\n")) }
        }
    }

    @Test("Every vector gets its status over a connection that sends it in two parts", arguments: refusedVectors)
    func refusals(_ vector: RequestVector) async throws {
        try await withServer { server in
            let port = server.address.port
            let response = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send(Array(vector.bytes.prefix(vector.bytes.count / 2)))
                client.send(Array(vector.bytes.dropFirst(vector.bytes.count / 2)))
                return client.receiveAll()
            }
            let status = vector.outcome.split(separator: " ").last ?? ""
            #expect(response.contains("HTTP/1.1 \(status) "))
        }
    }

    @Test("A connection serves one request after the other")
    func keepAlive() async throws {
        try await withServer { server in
            let port = server.address.port
            let responses = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                return (0..<50).map { _ in
                    client.send(get)
                    return client.receive(through: "GET /a ")
                }
            }
            #expect(responses.allSatisfy { $0.hasPrefix("HTTP/1.1 200 OK\r\nDate: ") })
            #expect(server.connectionCount <= 1)
        }
    }

    @Test("A body follows a 100 Continue")
    func expectContinue() async throws {
        try await withServer { server in
            let port = server.address.port
            let (interim, final) = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
                let interim = client.receive(through: "\r\n\r\n")
                client.send("hi")
                return (interim, client.receive(through: "POST /a hi"))
            }
            #expect(interim == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(final.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("A client that sends 10 MB to a route that refuses them still sees the answer")
    func refusedUpload() async throws {
        try await withServer { server in
            let port = server.address.port
            let response = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n")
                client.send([UInt8](repeating: 0x78, count: 10_000_000))
                return client.receiveAll()
            }
            #expect(response.hasPrefix("HTTP/1.1 413 Content Too Large\r\n"))
            #expect(response.hasSuffix("body of 10000000 bytes is larger than 2000000 bytes"))
        }
    }

    @Test("A half-closed client gets its answer", arguments: ["1.0", "1.1"])
    func halfClosedClient(version: String) async throws {
        let release = Signal()
        let started = Signal()
        let handler = TestHandler { _ in
            started.fire()
            await release.wait()
        }
        try await withServer(handler: handler) { server in
            let client = TestClient(port: server.address.port)
            defer { client.close() }
            client.send("GET /a HTTP/\(version)\r\nHost: a\r\n\r\n")
            client.finishSending()
            await started.wait()
            try await Task.sleep(for: .milliseconds(200))
            release.fire()
            let response = await onThread { client.receiveAll() }
            #expect(response.hasSuffix("GET /a "))
            #expect(response.hasPrefix(version == "1.1" ? "HTTP/1.1 100 Continue\r\n\r\n" : "HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test("A client that goes away cancels its handler")
    func disconnectCancels() async throws {
        let started = Signal()
        let cancelled = Signal()
        let handler = TestHandler { _ in
            started.fire()
            await withTaskCancellationHandler {
                try? await Task.sleep(for: .seconds(600))
            } onCancel: {
                cancelled.fire()
            }
        }
        try await withServer(handler: handler) { server in
            let client = TestClient(port: server.address.port)
            client.send(get)
            await started.wait()
            client.close()
            await cancelled.wait()
        }
    }

    @Test("A slow reader gets the whole of a large response")
    func slowReader() async throws {
        struct Large: HTTPHandler {
            static let body = (0..<8_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            func respond(to request: HTTPRequest) async -> HTTPResponse { HTTPResponse(status: .ok, body: Self.body) }
            func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { nil }
            func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
                HTTPResponse(status: error.status)
            }
        }
        try await withServer(handler: Large()) { server in
            let port = server.address.port
            let isEqual = await onThread {
                let client = TestClient(port: port, receiveBufferSize: 4096)
                defer { client.close() }
                client.send(closingGet)
                _ = client.receive(through: "\r\n\r\n")
                var body: [UInt8] = []
                while true {
                    let bytes = client.receive(atMost: 50_000)
                    if bytes.isEmpty { return body == Large.body }
                    body += bytes
                }
            }
            #expect(isEqual)
        }
    }

    @Test("200 connections are served at once")
    func manyConnections() async throws {
        let arrival = Signal()
        // No handler answers before all are there.
        let gate = AsyncStream<Void>.makeStream()
        let handler = TestHandler { _ in
            arrival.fire()
            for await _ in gate.stream {}
        }
        try await withServer(handler: handler) { server in
            let clients = (0..<200).map { _ in TestClient(port: server.address.port) }
            defer { for client in clients { client.close() } }
            for client in clients { client.send(get) }
            for _ in clients { await arrival.wait() }
            #expect(server.connectionCount == 200)
            gate.continuation.finish()
            let responses = await onThread { clients.map { $0.receive(through: "GET /a ") } }
            #expect(responses.allSatisfy { $0.hasPrefix("HTTP/1.1 200 OK\r\n") })
        }
    }

    @Test("A connection over the limit is told so, and a place that becomes free is given again")
    func connectionLimit() async throws {
        var limits = HTTPLimits()
        limits.maxConnections = 1
        try await withServer(limits: limits) { server in
            let port = server.address.port
            let refusal = await answerToSecondConnection(port: port)
            #expect(refusal.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(refusal.contains("\r\nRetry-After: 1\r\n"))
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
            let response = await onThread {
                let third = TestClient(port: port)
                defer { third.close() }
                third.send(closingGet)
                return third.receiveAll()
            }
            #expect(response.hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test("A head that never ends is answered with 408")
    func headTimeout() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(50)
        try await withServer(limits: limits) { server in
            let port = server.address.port
            let response = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send("GET /")
                return client.receiveAll()
            }
            #expect(response.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
        }
    }

    @Test("A shutdown closes idle connections, answers what is in flight and frees the port")
    func gracefulShutdown() async throws {
        let started = Signal()
        let release = Signal()
        let handler = TestHandler { request in
            guard request.path == "/a" else { return }
            started.fire()
            await release.wait()
        }
        let server = try HTTPServer(listeners: [Listener(host: "127.0.0.1", port: 0)], handler: handler)
        server.start()
        let port = server.address.port
        let idle = TestClient(port: port)
        let busy = TestClient(port: port)
        defer {
            idle.close()
            busy.close()
        }
        idle.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
        _ = await onThread { idle.receive(through: "GET /b ") }
        busy.send(get)
        await started.wait()
        async let shutdown: Void = server.shutdown(deadline: .seconds(60))
        #expect(await onThread { idle.receiveAll() } == "")
        release.fire()
        let response = await onThread {
            let response = busy.receiveAll()
            busy.finishSending()
            return response
        }
        #expect(response.hasSuffix("GET /a "))
        #expect(response.contains("\r\nConnection: close\r\n"))
        await shutdown
        #expect(server.connectionCount == 0)
        _ = try Listener(host: "127.0.0.1", port: port)
    }

    @Test("A shutdown cancels what is left at its deadline")
    func shutdownDeadline() async throws {
        let started = Signal()
        let cancelled = Signal()
        let handler = TestHandler { _ in
            started.fire()
            await withTaskCancellationHandler {
                try? await Task.sleep(for: .seconds(600))
            } onCancel: {
                cancelled.fire()
            }
        }
        let server = try HTTPServer(listeners: [Listener(host: "127.0.0.1", port: 0)], handler: handler)
        server.start()
        let client = TestClient(port: server.address.port)
        defer { client.close() }
        client.send(get)
        await started.wait()
        await server.shutdown(deadline: .milliseconds(50))
        await cancelled.wait()
        #expect(server.connectionCount == 0)
        #expect(await onThread { client.receiveAll() } == "")
    }
}
