import Metrics

/// Connections and bytes, as whoever holds the sockets tells of them. Any thread may call it.
package final class HTTPMetrics: Sendable {
    /// Why a connection is not served.
    package enum Refusal: String, Sendable, CaseIterable {
        case connections, peerConnections = "peer_connections", memory, descriptors, tls, shutdown
    }

    /// What a peer may not go beyond.
    package enum Limit: String, Sendable, CaseIterable {
        case headSize = "head_size"
        case headFields = "head_fields"
        case headTime = "head_time"
        case bodySize = "body_size"
        case bodyTime = "body_time"
        case bodyRate = "body_rate"
        case idleTime = "idle_time"
        case requests
        case slowReader = "slow_reader"
        case requestTimeout = "request_timeout"
    }

    private let accepted: Counter
    private let open: Gauge
    private let refused: [Refusal: Counter]
    private let limits: [Limit: Counter]
    private let receivedBytes: Counter
    private let sentBytes: Counter
    private let abandoned: Counter

    init(_ registry: Registry) {
        accepted = registry.counter("grace_http_connections_total", "Connections that were accepted.")
        open = registry.gauge("grace_http_connections_open", "Connections that are open.")
        refused = Dictionary(
            uniqueKeysWithValues: Refusal.allCases.map { reason in
                let counter = registry.counter(
                    "grace_http_connections_refused_total", "Connections that were not served, by what was full.",
                    ["reason": reason.rawValue])
                return (reason, counter)
            })
        limits = Dictionary(
            uniqueKeysWithValues: Limit.allCases.map { limit in
                let counter = registry.counter(
                    "grace_http_limits_total", "Requests and connections that were ended at a limit.",
                    ["limit": limit.rawValue])
                return (limit, counter)
            })
        receivedBytes = registry.counter("grace_http_received_bytes_total", "Bytes read from sockets.")
        sentBytes = registry.counter("grace_http_sent_bytes_total", "Bytes written to sockets.")
        abandoned = registry.counter(
            RequestMetrics.name, RequestMetrics.help,
            ["route": RequestMetrics.noRoute, "method": RequestMetrics.noRoute, "status": "499"])
    }

    /// A connection was accepted, to be served or to be refused with an answer.
    package func connectionOpened() {
        accepted.add()
        open.add(1)
    }

    /// It is closed; once for each that was opened.
    package func connectionClosed() {
        open.add(-1)
    }

    /// A connection was closed at once, or answered with a refusal alone.
    package func connectionRefused(_ reason: Refusal) {
        refused[reason]?.add()
    }

    /// A request or a connection was ended at a limit.
    package func limitReached(_ limit: Limit) {
        limits[limit]?.add()
    }

    /// A client went away before its request was complete: nobody is answered.
    package func requestAbandoned() {
        abandoned.add()
    }

    /// - Parameter bytes: read from a socket.
    package func received(bytes: Int) {
        receivedBytes.add(bytes)
    }

    /// - Parameter bytes: written to a socket.
    package func sent(bytes: Int) {
        sentBytes.add(bytes)
    }
}
