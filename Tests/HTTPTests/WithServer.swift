import HTTP

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
