import Metrics

/// Requests for embeddings, under the names that text-embeddings-inference gives to the same.
struct EmbeddingRequestMetrics: Sendable {
    /// The routes that embed; those that a server does not have are none of its business.
    static let paths: Set<String> = [
        "/", "/embed", "/embeddings", "/explain", "/explain/similarity", "/similarity", "/v1/embeddings", "/api/embed",
    ]

    /// Why a request failed, in text-embeddings-inference's words as far as they go.
    private enum Reason: String, CaseIterable {
        case validation, overloaded, inference, dropped, unhealthy, timeout, request

        init(status: Int) {
            switch status {
            case 413, 422: self = .validation
            case 424, 500: self = .inference
            case 429: self = .overloaded
            case RequestMetrics.clientClosed: self = .dropped
            case 503: self = .unhealthy
            case 504: self = .timeout
            default: self = .request
            }
        }
    }

    private let count: Counter
    private let successes: Counter
    private let failures: [Reason: Counter]
    private let times: Histogram

    init(_ registry: Registry) {
        count = registry.counter("te_request_count", "Requests to routes that embed.")
        successes = registry.counter("te_request_success", "Those that were answered with what they asked for.")
        failures = Dictionary(
            uniqueKeysWithValues: Reason.allCases.map { reason in
                let counter = registry.counter(
                    "te_request_failure", "Those that were not, by reason.", ["err": reason.rawValue])
                return (reason, counter)
            })
        times = registry.histogram(
            "te_request_duration", "Seconds from a complete request to its answer; of successes.", scale: .seconds)
    }

    func ended(status: Int, time: Duration?) {
        count.add()
        guard status < 400 else {
            failures[Reason(status: status)]?.add()
            return
        }
        successes.add()
        if let time { times.record(time) }
    }
}
