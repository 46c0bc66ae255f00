import EmbeddingServer
import Engine
import Foundation
import HTTP
import Metrics
import Serving
import Testing

@Suite("Metrics")
struct MetricsRouteTests {
    @Test("A scrape is in Prometheus's format, and every line of it is well formed")
    func format() async throws {
        let fixture = ServiceFixture.without()
        let response = await fixture.send(.get, "/metrics", headers: [:])
        #expect(response.status == .ok)
        #expect(response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        let scrape = try await Scrape(of: fixture)
        #expect(scrape.malformedLines == [])
        #expect(scrape.repeatedSeries == [])
    }

    @Test(
        "Series are there from the first scrape",
        arguments: [
            #"grace_http_requests_total{route="/embed",method="POST",status="200"}"#,
            #"grace_http_requests_total{route="/embed",method="POST",status="429"}"#,
            #"grace_http_requests_total{route="/embed",method="POST",status="499"}"#,
            #"grace_http_requests_total{route="/explain",method="POST",status="503"}"#,
            #"grace_http_requests_total{route="/health",method="GET",status="200"}"#,
            #"grace_http_requests_total{route="other",method="GET",status="404"}"#,
            #"grace_http_requests_total{route="none",method="none",status="400"}"#,
            #"grace_http_protocol_errors_total{status="431"}"#,
            #"grace_http_request_duration_seconds_count{route="/embed"}"#,
            #"grace_http_connections_open"#, #"grace_http_connections_total"#,
            #"grace_http_connections_refused_total{reason="connections"}"#,
            #"grace_http_limits_total{limit="body_size"}"#,
            #"grace_http_received_bytes_total"#, #"grace_http_sent_bytes_total"#,
            #"te_request_count"#, #"te_request_success"#, #"te_request_failure{err="overloaded"}"#,
            #"te_request_duration_count"#, #"te_request_tokenization_duration_count"#,
            #"te_request_queue_duration_count"#,
            #"te_request_inference_duration_count"#, #"te_request_input_length_count"#, #"te_embed_count"#,
            #"te_embed_success"#, #"te_queue_size"#, #"te_batch_next_size_count"#, #"te_batch_next_tokens_count"#,
            #"grace_step_duration_count"#,
            #"grace_live_texts"#, #"grace_prefill_tokens_total"#, #"grace_decode_tokens_total"#,
            #"grace_drafted_tokens_total"#, #"grace_accepted_tokens_total"#, #"grace_rationale_length_tokens_count"#,
            #"grace_cache_results_total{source="hit"}"#, #"grace_cache_entries"#, #"grace_kv_positions_reserved"#,
            #"grace_kv_positions_limit"#, #"grace_checkpoint_loads_total"#, #"grace_checkpoint_load_failures_total"#,
            #"grace_checkpoint_activations_total"#, #"grace_canary_requests_total"#, #"grace_memory_reserved_bytes"#,
        ])
    func zeroes(series: String) async throws {
        let scrape = try await Scrape(of: .without())
        #expect(scrape.values[series] == 0)
    }

    @Test(
        "What the kernel says of the process is there",
        arguments: [
            "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_cpu_seconds_total",
            "process_start_time_seconds", "process_open_fds", "process_max_fds", "process_threads",
            "grace_uptime_seconds",
        ])
    func process(series: String) async throws {
        let scrape = try await Scrape(of: .without())
        #expect(try #require(scrape.values[series]) > 0)
    }

    @Test("docs/operations.md has every series, but those that Prometheus's clients define")
    func documentation() async throws {
        let manual = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md")
        let text = try String(contentsOf: manual.standardized, encoding: .utf8)
        let response = await ServiceFixture.without().send(.get, "/metrics", headers: [:])
        let names = String(decoding: response.body, as: UTF8.self).split(separator: "\n")
            .filter { $0.hasPrefix("# TYPE ") }.map { String($0.split(separator: " ")[2]) }
        #expect(names.count > 40)
        #expect(names.filter { !$0.hasPrefix("process_") && !text.contains("`\($0)`") } == [])
    }

    @Test("Each request is counted once, under its route, method and status")
    func requests() async throws {
        let fixture = ServiceFixture.without()
        _ = await fixture.send(.get, "/health", headers: [:])
        _ = await fixture.send(.get, "/health", headers: [:])
        _ = await fixture.send(.head, "/health", headers: [:])
        _ = await fixture.send(.post, "/embed", "{}")
        _ = await fixture.send(.post, "/embed", #"{"inputs": "a"}"#)
        _ = await fixture.send(.post, "/embed", headers: ["Content-Type": "text/plain"], "a")
        _ = await fixture.send(.put, "/embed", "{}")
        _ = await fixture.send(.get, "/nothing/here", headers: [:])
        _ = await fixture.send(.delete, "/nothing/there", headers: [:])
        _ = await fixture.send(.get, "/v2/models/a/ready", headers: [:])
        _ = fixture.application.response(to: .missingHost, of: nil)
        let scrape = try await Scrape(of: fixture)
        let counted = scrape.values.filter { $0.key.hasPrefix("grace_http_requests_total") && $0.value > 0 }
        func series(_ route: String, _ method: String, _ status: Int) -> String {
            #"grace_http_requests_total{route="\#(route)",method="\#(method)",status="\#(status)"}"#
        }
        #expect(
            counted == [
                series("/health", "GET", 503): 2, series("/health", "HEAD", 503): 1,
                series("/embed", "POST", 422): 1, series("/embed", "POST", 503): 1, series("/embed", "POST", 415): 1,
                series("/embed", "other", 405): 1, series("other", "GET", 404): 1, series("other", "other", 404): 1,
                series("/v2/models/{name}/ready", "GET", 404): 1, series("none", "none", 400): 1,
            ])
        // The scrape itself is under way.
        #expect(scrape.values["grace_http_requests_in_flight"] == 1)
        #expect(scrape.values["te_request_count"] == 3)
        #expect(scrape.values["te_request_success"] == 0)
        #expect(scrape.values[#"te_request_failure{err="validation"}"#] == 1)
        #expect(scrape.values[#"te_request_failure{err="unhealthy"}"#] == 1)
        #expect(scrape.values[#"te_request_failure{err="request"}"#] == 1)
        #expect(scrape.values[#"grace_http_protocol_errors_total{status="400"}"#] == 1)
        #expect(scrape.values[#"grace_http_request_duration_seconds_count{route="/embed"}"#] == 2)
    }

    @Test("Paths that strangers make up make no series")
    func cardinality() async throws {
        let fixture = ServiceFixture.without()
        _ = await fixture.send(.get, "/x", headers: [:])
        let before = try await Scrape(of: fixture).values.count
        for number in 0..<50 { _ = await fixture.send(.get, "/x\(number)", headers: [:]) }
        for number in 0..<50 { _ = await fixture.send(.get, "/v2/models/x\(number)/ready", headers: [:]) }
        // The one that the second kind of path makes visible: its route's 404.
        #expect(try await Scrape(of: fixture).values.count == before + 1)
    }

    @Test("A request whose client goes away is counted as 499, and only so")
    func clientGone() async throws {
        try await ServiceFixture.withModel { fixture in
            let request = Task {
                await fixture.send(.post, "/embed", #"{"inputs": "a", "max_rationale_tokens": 900, "seed": 1}"#)
            }
            request.cancel()
            _ = await request.value
            let scrape = try await Scrape(of: fixture)
            let counted = scrape.values.filter {
                $0.key.hasPrefix(#"grace_http_requests_total{route="/embed""#) && $0.value > 0
            }
            #expect(counted == [#"grace_http_requests_total{route="/embed",method="POST",status="499"}"#: 1])
            #expect(scrape.values[#"te_request_failure{err="dropped"}"#] == 1)
            #expect(scrape.values["grace_http_requests_in_flight"] == 1)
        }
    }

    @Test("Texts, tokens, steps, cache and checkpoints are counted")
    func work() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = #"{"inputs": ["one text", "another one"], "max_rationale_tokens": 5}"#
            let first = await fixture.send(.post, "/embed", body)
            let second = await fixture.send(.post, "/embed", body)
            #expect(first.status == .ok && second.status == .ok)
            let written = try #require(first.headers["x-rationale-tokens"].flatMap(Double.init))
            let scrape = try await Scrape(of: fixture)
            let values = scrape.values
            #expect(values["te_request_count"] == 2)
            #expect(values["te_request_success"] == 2)
            #expect(values["te_request_duration_count"] == 2)
            #expect(values["te_embed_count"] == 4)
            #expect(values["te_embed_success"] == 4)
            #expect(values[#"grace_cache_results_total{source="miss"}"#] == 2)
            #expect(values[#"grace_cache_results_total{source="hit"}"#] == 2)
            #expect(values["grace_cache_entries"] == 2)
            #expect(values["te_request_queue_duration_count"] == 2)
            #expect(values["te_request_tokenization_duration_count"] == 2)
            #expect(values["te_request_inference_duration_count"] == 2)
            #expect(values["te_request_input_length_count"] == 4)
            #expect(values["grace_rationale_length_tokens_count"] == 2)
            #expect(values["grace_rationale_length_tokens_sum"] == written)
            // The trial of the checkpoint ran tokens too.
            #expect(try #require(values["grace_decode_tokens_total"]) >= written)
            #expect(try #require(values["grace_prefill_tokens_total"]) > 0)
            #expect(try #require(values["te_batch_next_size_count"]) > 0)
            #expect(values["te_batch_next_size_count"] == values["te_batch_next_tokens_count"])
            #expect(values["te_batch_next_size_count"] == values["grace_step_duration_count"])
            #expect(try #require(values["grace_step_duration_sum"]) > 0)
            #expect(values["te_queue_size"] == 0)
            #expect(values["grace_live_texts"] == 0)
            #expect(values["grace_kv_positions_reserved"] == 0)
            #expect(values["grace_kv_positions_limit"] == 32_768)
            #expect(values["grace_checkpoint_loads_total"] == 1)
            #expect(values["grace_checkpoint_activations_total"] == 1)
            #expect(
                values.contains {
                    $0.key.hasPrefix(#"grace_checkpoint_info{checkpoint="tiny-qwen2",fingerprint=""#) && $0.value == 1
                })
            #expect(try #require(values[#"grace_checkpoint_memory_bytes{checkpoint="tiny-qwen2"}"#]) > 0)
        }
    }

    @Test("A request that the checkpoint on trial answers by chance is counted, one that names it is not")
    func canary() async throws {
        let trial = CheckpointRouting(canary: .init(checkpoint: "tiny-qwen2", share: 1))
        try await ServiceFixture.withModel(configure: { $0.routing = trial }) { fixture in
            _ = await fixture.send(.post, "/embed", #"{"inputs": "a", "max_rationale_tokens": 0}"#)
            _ = await fixture.send(
                .post, "/embed", #"{"inputs": "a", "max_rationale_tokens": 0, "model": "tiny-qwen2"}"#)
            let scrape = try await Scrape(of: fixture)
            #expect(scrape.values["grace_canary_requests_total"] == 1)
        }
    }

    @Test("Connections, bytes and limits are as their holder tells")
    func connections() async throws {
        let metrics = ServerMetrics()
        let fixture = ServiceFixture.without(metrics: metrics)
        let head = HTTPRequestHead(method: .post, target: "/embed", path: "/embed")
        let events: [HTTPServerEvent] = [
            .opened, .opened, .closed, .refused(.tooManyConnectionsOfPeer(limit: 1)), .dropped, .encryptionFailed,
            .timedOut(.write), .incomplete(head), .unread(head), .received(70), .sent(900),
        ]
        for event in events { metrics.http.observe(event) }
        _ = fixture.application.response(to: .bodyTooSlow(bytesPerSecond: 1), of: head)
        let values = try await Scrape(of: fixture).values
        #expect(values["grace_http_connections_total"] == 2)
        #expect(values["grace_http_connections_open"] == 1)
        #expect(values[#"grace_http_connections_refused_total{reason="peer_connections"}"#] == 1)
        #expect(values[#"grace_http_connections_refused_total{reason="silently"}"#] == 1)
        #expect(values[#"grace_http_connections_refused_total{reason="tls"}"#] == 1)
        #expect(values[#"grace_http_limits_total{limit="slow_reader"}"#] == 1)
        #expect(values[#"grace_http_limits_total{limit="body_rate"}"#] == 1)
        #expect(values[#"grace_http_protocol_errors_total{status="408"}"#] == 1)
        #expect(values[#"grace_http_requests_total{route="/embed",method="POST",status="408"}"#] == 1)
        #expect(values["grace_http_unread_answers_total"] == 1)
        #expect(values[#"grace_http_requests_total{route="none",method="none",status="499"}"#] == 1)
        #expect(values["grace_http_received_bytes_total"] == 70)
        #expect(values["grace_http_sent_bytes_total"] == 900)
    }
}

/// A scrape, as Prometheus reads it.
struct Scrape {
    /// By name and labels.
    private(set) var values: [String: Double] = [:]
    private(set) var malformedLines: [String] = []
    private(set) var repeatedSeries: [String] = []

    init(of fixture: ServiceFixture) async throws {
        let response = await fixture.send(.get, "/metrics", headers: [:])
        try #require(response.status == .ok)
        let text = String(decoding: response.body, as: UTF8.self)
        try #require(text.hasSuffix("\n"))
        for line in text.split(separator: "\n") where !line.hasPrefix("# ") {
            guard let match = line.wholeMatch(of: #/([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})?) (\S+)/#),
                let value = Double(match.2)
            else {
                malformedLines.append(String(line))
                continue
            }
            if values.updateValue(value, forKey: String(match.1)) != nil { repeatedSeries.append(String(match.1)) }
        }
    }
}
