import HTTP

/// Answers with what it was asked, after `delay`; refuses `/refused` on its head alone.
struct TestHandler: HTTPHandler {
    var delay: @Sendable (HTTPRequest) async -> Void = { _ in }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        await delay(request)
        return Self.answer(to: request)
    }

    static func answer(to request: HTTPRequest) -> HTTPResponse {
        HTTPResponse(
            status: .ok, headers: ["Content-Type": "text/plain"],
            body: Array("\(request.method) \(request.path) ".utf8) + request.body)
    }

    func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        head.path == "/refused" ? HTTPResponse(status: .unsupportedMediaType) : nil
    }

    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        HTTPResponse(status: error.status, body: Array(error.description.utf8))
    }
}
