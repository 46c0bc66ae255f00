import HTTP
import Logging
import Serving

/// An application, with what every answer carries: each request is counted once, and has one line in the log.
package struct LoggedApplication: HTTPHandler {
    private let application: any HTTPHandler
    private let routes: Router
    private let logger: Logger
    private let metrics: RequestMetrics
    private let connections: HTTPMetrics

    /// The application that embeds: it answers with whatever model the store holds at the time, within the configuration's
    /// limits.
    ///
    /// - Parameter keys: what clients must show; nil for nothing.
    package init(
        store: ModelStore, configuration: ServerConfiguration, keys: ReloadingKeys? = nil, logger: Logger,
        metrics: ServerMetrics = ServerMetrics()
    ) {
        var routes = EmbeddingRoutes(store: store, configuration: configuration).router()
        routes.addMetrics(of: metrics.registry)
        var application: any HTTPHandler = routes
        if let keys {
            application = KeyedApplication(application, keys: keys, configuration: configuration)
        }
        application = ContentCodingApplication(
            application, maxBodySize: configuration.httpLimits.maxBodySize,
            maxInflatedSize: configuration.httpLimits.maxBufferedSize)
        application = DeadlineApplication(application, longest: configuration.requestTimeout)
        self.init(application, routes: routes, logger: logger, metrics: metrics)
    }

    /// The operator's application: it changes what the store holds.
    ///
    /// - Parameter keys: what operators must show, whatever they ask for; nil for nothing.
    package init(
        administering store: ModelStore, routing: CheckpointRouting, keys: ReloadingKeys?, logger: Logger,
        metrics: ServerMetrics = ServerMetrics()
    ) {
        let routes = AdminRoutes(store: store, routing: routing).router()
        var application: any HTTPHandler = ContentCodingApplication(routes, maxBodySize: HTTPLimits().maxBodySize)
        if let keys {
            application = KeyedApplication(application, keys: keys, publicPaths: [])
        }
        self.init(application, routes: routes, logger: logger, metrics: metrics)
    }

    /// An application of these routes.
    ///
    /// - Parameters:
    ///   - routes: those that the application comes to in the end.
    ///   - logger: that of requests.
    init(_ application: any HTTPHandler, routes: Router, logger: Logger, metrics: ServerMetrics) {
        self.application = application
        self.routes = routes
        self.logger = logger
        self.metrics = RequestMetrics(routes.allRoutes, metrics.registry)
        connections = metrics.http
    }

    /// The router's answer, under the request's identifier, and a line in the log with the time that it took.
    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        metrics.began()
        let identity = RequestIdentity(request.head)
        var response = await RequestIdentity.$current.withValue(identity) { await application.respond(to: request) }
        identity.sign(&response)
        guard case .stream(let stream) = response.content, !Task.isCancelled else {
            report(request.head, response, status: Self.status(of: response), identity, time: .now - start)
            return response
        }
        let account = StreamAccount { [response] status in
            report(request.head, response, status: status, identity, time: .now - start)
        }
        response.content = .stream(
            HTTPBodyStream { [response] writer in
                await stream.run(writer)
                account.close(Self.status(of: response))
            })
        return response
    }

    /// Whoever asked has gone, or has been given up when the server stopped: nobody gets the answer.
    private static func status(of response: HTTPResponse) -> Int {
        Task.isCancelled ? RequestMetrics.clientClosed : response.status.code
    }

    /// The router's answer, if that needs no waiting.
    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        let start = ContinuousClock.now
        let identity = RequestIdentity(request.head)
        let answer = RequestIdentity.$current.withValue(identity) { application.respondAtOnce(to: request) }
        guard var response = answer else { return nil }
        metrics.began()
        identity.sign(&response)
        report(request.head, response, status: response.status.code, identity, time: .now - start)
        return response
    }

    /// The router's refusal, under the request's identifier, and a line in the log.
    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        application.refuse(head).map { refusal($0, of: head) }
    }

    /// A refusal under the request's identifier, and a line in the log.
    func refusal(_ response: HTTPResponse, of head: HTTPRequestHead) -> HTTPResponse {
        let identity = RequestIdentity(head)
        var response = response
        identity.sign(&response)
        report(head, response, status: response.status.code, identity, time: nil)
        return response
    }

    /// The answer to an error of the protocol. Where no head could be read it is logged at level debug alone.
    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        connections.observe(error)
        let response = application.response(to: error, of: head)
        if let head {
            metrics.endedInProtocol(status: response.status.code)
            return refusal(response, of: head)
        }
        var signed = response
        RequestIdentity(nil).sign(&signed)
        metrics.endedWithoutRequest(status: response.status.code)
        logger.debug("refused", metadata: ["status": "\(response.status.code)", "reason": "\(error)"])
        return signed
    }

    /// - Parameter time: nil where the head was enough.
    private func report(
        _ head: HTTPRequestHead, _ response: HTTPResponse, status: Int, _ identity: RequestIdentity, time: Duration?
    ) {
        let route = routes.routePath(of: head)
        metrics.ended(path: route, method: head.method, status: status, time: time)
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "method": .string(head.method.rawValue), "path": .string(head.path),
            "route": .string(route ?? RequestMetrics.otherRoute), "status": .stringConvertible(status),
            "milliseconds": .stringConvertible((time ?? .zero).fractionalMilliseconds),
            "bytes": .stringConvertible(response.body.count), "id": .string(identity.identifier),
        ]
        if let peer = head.peer { metadata["peer"] = .string(peer) }
        if let trace = identity.trace {
            metadata["trace"] = .string(trace.traceID)
            metadata["span"] = .string(trace.spanID)
        }
        if let checkpoint = response.headers["x-grace-checkpoint"] { metadata["checkpoint"] = .string(checkpoint) }
        logger.info("request", metadata: metadata)
    }
}

extension Duration {
    /// Milliseconds to the microsecond, rounded down.
    fileprivate var fractionalMilliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
