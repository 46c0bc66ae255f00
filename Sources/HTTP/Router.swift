import OrderedCollections

/// Sends requests to handlers by path and method.
///
/// Gives 404 for an unknown path, 405 with `Allow` for a method that the path lacks, HEAD wherever there is GET, and an
/// answer to `OPTIONS *`.
package struct Router: HTTPHandler {
    /// Answers the requests of one route.
    package typealias Handler = @Sendable (HTTPRequest) async -> HTTPResponse
    /// Decides on the head of a request of one route; see ``HTTPHandler/refuse(_:)``.
    package typealias Refusal = @Sendable (HTTPRequestHead) -> HTTPResponse?

    /// Answers the requests of one route without waiting; see ``HTTPHandler/respondAtOnce(to:)``.
    package typealias ImmediateHandler = @Sendable (HTTPRequest) -> HTTPResponse

    /// Answers those requests of a route that need no waiting; nil leaves the request to a ``Handler``.
    package typealias PerhapsImmediateHandler = @Sendable (HTTPRequest) -> HTTPResponse?

    private struct Route {
        let refuse: Refusal?
        let answer: Answer
    }

    private enum Answer {
        case atOnce(ImmediateHandler)
        case later(Handler)
        case perhapsAtOnce(PerhapsImmediateHandler, Handler)
    }

    private var routes: [String: OrderedDictionary<HTTPMethod, Route>] = [:]
    /// The paths of `routes` that have a segment which is any, in segments.
    private var patterns: [(path: String, segments: [Substring])] = []
    private let errorResponse: @Sendable (HTTPError, HTTPRequestHead?) -> HTTPResponse

    /// - Parameter errorResponse: the application's answer to an error.
    package init(errorResponse: @escaping @Sendable (HTTPError, HTTPRequestHead?) -> HTTPResponse) {
        self.errorResponse = errorResponse
    }

    /// Adds a route.
    ///
    /// - Parameters:
    ///   - path: matched with the request's path byte by byte; a segment in braces, as in `/models/{name}`, is any that is
    ///     not empty. A path without one comes first.
    ///   - refuse: what the route refuses before it reads a body: a media type, a size, a missing key.
    /// - Precondition: the route is new.
    package mutating func add(
        _ method: HTTPMethod, _ path: String, refuse: Refusal? = nil, respond: @escaping Handler
    ) {
        add(method, path, Route(refuse: refuse, answer: .later(respond)))
    }

    /// Adds a route some of whose requests are answered on the connection's queue.
    ///
    /// - Parameter respondAtOnce: what it leaves `respond` has.
    /// - Precondition: the route is new.
    package mutating func add(
        _ method: HTTPMethod, _ path: String, refuse: Refusal? = nil, respondAtOnce: @escaping PerhapsImmediateHandler,
        respond: @escaping Handler
    ) {
        add(method, path, Route(refuse: refuse, answer: .perhapsAtOnce(respondAtOnce, respond)))
    }

    /// Adds a route that is answered on the connection's queue: what takes more than microseconds would hold up others.
    ///
    /// Named apart from the other kind: a closure that waits for nothing would else choose this one unseen.
    ///
    /// - Parameter path: as of the other routes.
    /// - Precondition: the route is new.
    package mutating func addAtOnce(_ method: HTTPMethod, _ path: String, respond: @escaping ImmediateHandler) {
        add(method, path, Route(refuse: nil, answer: .atOnce(respond)))
    }

    private mutating func add(_ method: HTTPMethod, _ path: String, _ route: Route) {
        precondition(routes[path]?[method] == nil, "the route \(method) \(path) is there twice")
        if routes[path] == nil, path.contains("{") { patterns.append((path, Self.segments(of: path))) }
        routes[path, default: [:]][method] = route
    }

    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        switch route(of: head) {
        case .success(let route): route.refuse?(head)
        case .failure(let error): completeResponse(to: error, of: head)
        }
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        switch route(of: request.head) {
        case .success(let route):
            switch route.answer {
            case .atOnce(let respond): respond(request)
            case .later(let respond), .perhapsAtOnce(_, let respond): await respond(request)
            }
        case .failure(let error): completeResponse(to: error, of: request.head)
        }
    }

    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        guard case .success(let route) = route(of: request.head) else { return nil }
        return switch route.answer {
        case .atOnce(let respond): respond(request)
        case .perhapsAtOnce(let respond, _): respond(request)
        case .later: nil
        }
    }

    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        errorResponse(error, head)
    }

    private func route(of head: HTTPRequestHead) -> Result<Route, HTTPError> {
        // RFC 9110, section 9.3.7: OPTIONS * asks about the server in general.
        if head.path == "*" { return .success(serverOptions) }
        guard let methods = routes[head.path] ?? matchingRoutes(head.path) else {
            return .failure(.notFound(path: head.path))
        }
        if let route = methods[head.method] { return .success(route) }
        if head.method == .head, let route = methods[.get] { return .success(route) }
        var allowed = Array(methods.keys)
        if methods[.get] != nil, methods[.head] == nil { allowed.append(.head) }
        return .failure(.methodNotAllowed(head.method, path: head.path, allowed: allowed))
    }

    private func matchingRoutes(_ path: String) -> OrderedDictionary<HTTPMethod, Route>? {
        matchingPattern(path).flatMap { routes[$0] }
    }

    private func matchingPattern(_ path: String) -> String? {
        let found = Self.segments(of: path)
        return patterns.first { pattern in
            pattern.segments.count == found.count
                && zip(pattern.segments, found).allSatisfy { $0.hasPrefix("{") ? !$1.isEmpty : $0 == $1 }
        }?.path
    }

    /// Every route, for who counts requests by route.
    package var allRoutes: [(method: HTTPMethod, path: String)] {
        routes.sorted { $0.key < $1.key }.flatMap { path, methods in methods.keys.map { ($0, path) } }
    }

    /// The path that a request's route was added under, whether it has the method or not; nil where there is none.
    package func routePath(of head: HTTPRequestHead) -> String? {
        routes[head.path] != nil ? head.path : matchingPattern(head.path)
    }

    private static func segments(of path: String) -> [Substring] {
        path.split(separator: "/", omittingEmptySubsequences: false)
    }

    private var serverOptions: Route {
        Route(refuse: nil, answer: .atOnce { _ in HTTPResponse(status: .noContent) })
    }
}
