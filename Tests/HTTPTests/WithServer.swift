import HTTP
import TestSupport
import Testing

/// Runs a server on a free port for the time of `body`.
func withServer<Result: Sendable>(
    handler: any HTTPHandler = TestHandler(), limits: HTTPLimits = HTTPLimits(),
    observer: (any HTTPObserver)? = nil, _ body: (HTTPServer) async throws -> Result
) async throws -> Result {
    let server = try HTTPServer(
        listeners: [Listener(host: "127.0.0.1", port: 0)], handler: handler, limits: limits,
        observer: observer)
    server.start()
    do {
        let result = try await body(server)
        await server.shutdown(deadline: .zero)
        return result
    } catch {
        await server.shutdown(deadline: .zero)
        throw error
    }
}

/// What a second connection is told while a first one, which was answered, stays.
func answerToSecondConnection(port: Int) async -> String {
    await onThread {
        let first = TestClient(port: port)
        defer { first.close() }
        first.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(first.receive(through: "GET /a ").hasPrefix("HTTP/1.1 200 OK"))
        let second = TestClient(port: port)
        defer { second.close() }
        return second.receiveAll()
    }
}
