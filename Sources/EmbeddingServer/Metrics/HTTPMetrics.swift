import HTTP
import Metrics

/// Connections and bytes, as whoever holds the sockets tells of them. Any thread may call it.
package final class HTTPMetrics: HTTPObserver {
    /// Why a connection is not served.
    private enum Refusal: String, CaseIterable {
        case connections, peerConnections = "peer_connections", silently, tls
    }

    /// What a peer may not go beyond.
    private enum Limit: String, CaseIterable {
        case headSize = "head_size"
        case headFields = "head_fields"
        case headTime = "head_time"
        case bodySize = "body_size"
        case bodyTime = "body_time"
        case bodyRate = "body_rate"
        case buffers
        case idleTime = "idle_time"
        case slowReader = "slow_reader"
        case handshakeTime = "handshake_time"
    }

    private let accepted: Counter
    private let open: Gauge
    private let refused: [Refusal: Counter]
    private let limits: [Limit: Counter]
    private let receivedBytes: Counter
    private let sentBytes: Counter
    private let incomplete: Counter
    private let unread: Counter

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
        unread = registry.counter(
            "grace_http_unread_answers_total", "Answers that their client did not wait for, counted as requests too.")
        incomplete = registry.counter(
            RequestMetrics.name, RequestMetrics.help,
            ["route": RequestMetrics.noRoute, "method": RequestMetrics.noRoute, "status": "499"])
    }

    package func observe(_ event: HTTPServerEvent) {
        switch event {
        case .opened:
            accepted.add()
            open.add(1)
        case .closed: open.add(-1)
        case .refused(.tooManyConnectionsOfPeer): refused[.peerConnections]?.add()
        case .refused: refused[.connections]?.add()
        case .dropped: refused[.silently]?.add()
        case .encryptionFailed: refused[.tls]?.add()
        case .received(let count): receivedBytes.add(count)
        case .sent(let count): sentBytes.add(count)
        case .timedOut(.idle): limits[.idleTime]?.add()
        case .timedOut(.write): limits[.slowReader]?.add()
        case .timedOut(.handshake): limits[.handshakeTime]?.add()
        case .incomplete: incomplete.add()
        case .unread: unread.add()
        }
    }

    /// A request was refused by the protocol: perhaps at a limit.
    func observe(_ error: HTTPError) {
        let limit: Limit? =
            switch error {
            case .requestLineTooLong, .headTooLarge, .chunkExtensionsTooLong: .headSize
            case .tooManyFields: .headFields
            case .headTimeout: .headTime
            case .bodyTooLarge: .bodySize
            case .bodyTimeout: .bodyTime
            case .bodyTooSlow: .bodyRate
            case .outOfBuffers: .buffers
            default: nil
            }
        if let limit { limits[limit]?.add() }
    }
}
