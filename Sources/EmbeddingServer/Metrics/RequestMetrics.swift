import HTTP
import Metrics

/// Requests by route, method and status. Every request is counted once, when its answer is known.
///
/// All series that there can be are made at start: counting looks them up and takes no lock. Paths and methods that no
/// route has are one label each, so that strangers cannot make series.
final class RequestMetrics: Sendable {
    /// The status of requests whose client went away before the answer: nginx's.
    static let clientClosed = 499
    /// The route of paths, and the method of routes, that there are none of.
    static let otherRoute = "other"
    static let name = "grace_http_requests_total"
    static let help = "Requests that were answered, or given up by their client (499)."
    /// The route and method of what is no request that could be read.
    static let noRoute = "none"

    private struct Route: Sendable {
        let methods: [String: StatusCounters]
        let times: Histogram
        let embeds: Bool
    }

    private let routes: [String: Route]
    private let inFlight: Gauge
    private let protocolErrors: StatusCounters
    private let embedding: EmbeddingRequestMetrics

    /// - Parameter routes: those of a router; several of these may count in one registry.
    init(_ routes: [(method: HTTPMethod, path: String)], _ registry: Registry) {
        inFlight = registry.gauge("grace_http_requests_in_flight", "Requests that are being answered.")
        protocolErrors = StatusCounters(visible: StatusCounters.ofProtocol) { status, isHidden in
            registry.counter(
                "grace_http_protocol_errors_total", "What was no request that could be read, by status.",
                ["status": status], appearsWhenUsed: isHidden)
        }
        var found = [Self.otherRoute: Self.route(Self.otherRoute, [.get, .post], registry)]
        found[Self.noRoute] = Route(
            methods: [
                Self.noRoute: Self.counters(Self.noRoute, Self.noRoute, StatusCounters.ofProtocol, registry)
            ], times: Histogram(scale: .seconds), embeds: false)
        for path in Set(routes.map(\.path)).sorted() {
            found[path] = Self.route(path, routes.filter { $0.path == path }.map(\.method), registry)
        }
        self.routes = found
        embedding = EmbeddingRequestMetrics(registry)
    }

    private static func route(_ path: String, _ methods: [HTTPMethod], _ registry: Registry) -> Route {
        var counted: [String: StatusCounters] = [:]
        for method in methods + (methods.contains(.get) ? [.head] : []) {
            counted[method.rawValue] = counters(
                path, method.rawValue, StatusCounters.visible(path: path, method), registry)
        }
        counted[otherRoute] = counters(path, otherRoute, [], registry)
        return Route(
            methods: counted,
            times: registry.histogram(
                "grace_http_request_duration_seconds",
                "From a complete request to its answer, by route; without what was refused by its head.",
                ["route": path], scale: .seconds),
            embeds: EmbeddingRequestMetrics.paths.contains(path))
    }

    private static func counters(
        _ route: String, _ method: String, _ visible: [Int], _ registry: Registry
    ) -> StatusCounters {
        StatusCounters(visible: visible) { status, isHidden in
            registry.counter(
                name, help, ["route": route, "method": method, "status": status], appearsWhenUsed: isHidden)
        }
    }

    // MARK: Counting

    /// A request is complete, and its answer sought.
    func began() {
        inFlight.add(1)
    }

    /// - Parameters:
    ///   - path: that of the request's route; nil where it has none.
    ///   - time: since it began; nil if it was refused before.
    func ended(path: String?, method: HTTPMethod, status: Int, time: Duration?) {
        guard let route = routes[path ?? Self.otherRoute] ?? routes[Self.otherRoute] else { return }
        let counters = route.methods[method.rawValue] ?? route.methods[Self.otherRoute]
        counters?.add(status)
        if let time {
            inFlight.add(-1)
            route.times.record(time)
        }
        if route.embeds, method == .post { embedding.ended(status: status, time: time) }
    }

    /// A request that is also counted by its route was cut off by the protocol with this status.
    func endedInProtocol(status: Int) {
        protocolErrors.add(status)
    }

    /// What could not be read was answered with this status.
    func endedWithoutRequest(status: Int) {
        protocolErrors.add(status)
        routes[Self.noRoute]?.methods[Self.noRoute]?.add(status)
    }
}

/// A counter for each status that the server answers with.
struct StatusCounters: Sendable {
    private let counters: [Int: Counter]
    private let other: Counter

    /// Statuses with a series of their own.
    private static let known = [
        200, 202, 204, 304, 400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 414, 415, 417, 421, 422, 424, 426, 429,
        431, 499, 500, 501, 502, 503, 504, 505, 507,
    ]

    /// Those of what is no request that could be read.
    static let ofProtocol = [400, 408, 411, 413, 414, 417, 431, 501, 503, 505]

    /// Those that a route is expected to answer with: their series are there from the start.
    static func visible(path: String, _ method: HTTPMethod) -> [Int] {
        if path == RequestMetrics.otherRoute { return method == .get || method == .post ? [404] : [] }
        switch method {
        case .get: return [200, 401, 429, 503]
        case .post:
            return [200, 400, 401, 404, 408, 413, 415, 422, 424, 429, RequestMetrics.clientClosed, 500, 503, 504]
        default: return []
        }
    }

    init(visible: [Int], _ counter: (_ status: String, _ isHidden: Bool) -> Counter) {
        counters = Dictionary(
            uniqueKeysWithValues: Self.known.map { status in
                (status, counter("\(status)", !visible.contains(status)))
            })
        other = counter("other", true)
    }

    func add(_ status: Int) {
        (counters[status] ?? other).add()
    }
}
