import HTTP
import Logging
import Serving

/// Routes, with what every answer carries and one line in the log for each request.
package struct LoggedApplication: HTTPHandler {
    private let router: Router
    private let logger: Logger

    /// The application that embeds: it answers with whatever model the store holds at the time, within the configuration's
    /// limits.
    package init(store: ModelStore, configuration: ServerConfiguration, logger: Logger) {
        self.init(router: EmbeddingRoutes(store: store, configuration: configuration).router(), logger: logger)
    }

    /// An application of these routes.
    init(router: Router, logger: Logger) {
        self.router = router
        self.logger = logger
    }

    /// The router's answer, under the request's identifier, and a line in the log with the time that it took.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        let response = identified(await router.respond(to: request), request.head)
        log(request.head, response, .now - start)
        return response
    }

    /// The router's answer, if that needs no waiting.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        let start = ContinuousClock.now
        guard let answer = router.respondAtOnce(to: request) else { return nil }
        let response = identified(answer, request.head)
        log(request.head, response, .now - start)
        return response
    }

    /// The router's refusal, under the request's identifier, and a line in the log.
    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        router.refuse(head).map { refusal($0, of: head) }
    }

    /// A refusal under the request's identifier, and a line in the log.
    func refusal(_ response: HTTPResponse, of head: HTTPRequestHead) -> HTTPResponse {
        let response = identified(response, head)
        log(head, response, .zero)
        return response
    }

    /// The answer to an error of the protocol, under a new identifier; logged at level debug alone.
    package func response(to error: HTTPError) -> HTTPResponse {
        let response = identified(router.response(to: error), nil)
        logger.debug("refused", metadata: ["status": "\(response.status.code)", "reason": "\(error)"])
        return response
    }

    /// Names the request as its sender did, if that name is safe to repeat, or anew.
    private func identified(_ response: HTTPResponse, _ head: HTTPRequestHead?) -> HTTPResponse {
        let name = "x-request-id"
        let given = head?.headers[name].flatMap { Self.isSafe($0) ? $0 : nil }
        var response = response
        response.headers[name] = given ?? Self.newIdentifier()
        return response
    }

    private static func isSafe(_ identifier: String) -> Bool {
        (1...128).contains(identifier.utf8.count) && identifier.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// 32 hexadecimal digits.
    private static func newIdentifier() -> String {
        (0..<2).map { _ in
            let digits = String(UInt64.random(in: .min ... .max), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    private func log(_ head: HTTPRequestHead, _ response: HTTPResponse, _ time: Duration) {
        var metadata: Logger.Metadata = [
            "method": "\(head.method)", "path": "\(head.path)", "status": "\(response.status.code)",
            "milliseconds": "\(time.milliseconds)", "bytes": "\(response.body.count)",
            "id": "\(response.headers["x-request-id"] ?? "")",
        ]
        if let checkpoint = response.headers["x-grace-checkpoint"] { metadata["checkpoint"] = "\(checkpoint)" }
        logger.info("request", metadata: metadata)
    }
}
