/// The application behind a server.
package protocol HTTPHandler: Sendable {
    /// Answers a request. Its task is cancelled when the client has gone or the server's shutdown deadline has passed;
    /// the response is then dropped.
    func respond(to request: HTTPRequest) async -> HTTPResponse

    /// The answer to a request that needs no waiting, or nil where ``respond(to:)`` has it. It spares a task.
    ///
    /// Called on a connection's queue: it computes next to nothing and does not block.
    func respondAtOnce(to request: HTTPRequest) -> HTTPResponse?

    /// Decides on the head alone, before the body is read: an answer that refuses the request, or nil to go on.
    ///
    /// Called on a connection's queue: it computes and does not block.
    func refuse(_ head: HTTPRequestHead) -> HTTPResponse?

    /// The answer to an error that the server itself has found. It has the error's status; called like ``refuse(_:)``.
    ///
    /// - Parameter head: of the request at fault; nil where none could be read.
    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse
}

extension HTTPHandler {
    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? { nil }
}
