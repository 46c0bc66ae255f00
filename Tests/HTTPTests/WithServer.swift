import HTTP

/// Runs a server on a free port for the time of `body`.
func withServer<Result: Sendable>(
    handler: any HTTPHandler = TestHandler(), limits: HTTPLimits = HTTPLimits(),
    _ body: (HTTPServer) async throws -> Result
) async throws -> Result {
    let server = HTTPServer(listener: try Listener(host: "127.0.0.1", port: 0), handler: handler, limits: limits)
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
