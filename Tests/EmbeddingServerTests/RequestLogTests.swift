import Confinement
import EmbeddingServer
import HTTP
import Logging
import Testing

@Suite("Request log")
struct RequestLogTests {
    /// A handler that keeps what it is told.
    private struct Recorder: LogHandler {
        let lines: Confined<[(message: String, metadata: Logger.Metadata)]>
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.MetadataValue? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = ("\(event.message)", event.metadata ?? [:])
            lines.withState { $0.append(line) }
        }
    }

    private let lines = Confined<[(message: String, metadata: Logger.Metadata)]>([])

    private func logger(_ level: Logger.Level = .info) -> Logger {
        var logger = Logger(label: "test") { [lines] _ in Recorder(lines: lines) }
        logger.logLevel = level
        return logger
    }

    @Test("A request has one line, answered or refused, with its route, status, identifier and trace")
    func oneLine() async throws {
        let fixture = ServiceFixture.without(logger: logger())
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let response = await fixture.send(
            .get, "/v2/models/a/ready",
            headers: ["x-request-id": "mine", "traceparent": "00-\(trace)-b7ad6b7169203331-01"])
        _ = await fixture.send(.get, "/nothing", headers: [:])
        let found = lines.withState { $0 }
        try #require(found.count == 2)
        #expect(found.allSatisfy { $0.message == "request" })
        let first = found[0].metadata.mapValues(\.description)
        #expect(first["method"] == "GET")
        #expect(first["path"] == "/v2/models/a/ready")
        #expect(first["route"] == "/v2/models/{name}/ready")
        #expect(first["status"] == "404")
        #expect(first["id"] == "mine")
        #expect(first["trace"] == trace)
        let span = try #require(first["span"])
        #expect(response.headers["traceparent"] == "00-\(trace)-\(span)-01")
        #expect(first["bytes"] != "0")
        let second = found[1].metadata.mapValues(\.description)
        #expect(second["route"] == "other")
        #expect(second["status"] == "404")
        #expect(second["trace"] == nil)
    }

    @Test("Above level info a request has no line")
    func silent() async {
        let fixture = ServiceFixture.without(logger: logger(.notice))
        _ = await fixture.send(.get, "/health", headers: [:])
        #expect(lines.withState { $0.count } == 0)
    }

    @Test(
        "At level trace, and no other, each step has a line that counts what it did", arguments: Logger.Level.allCases)
    func steps(level: Logger.Level) async throws {
        try await ServiceFixture.withModel(logger: logger(level)) { fixture in
            let body = #"{"inputs": "water", "max_rationale_tokens": 4}"#
            #expect(await fixture.send(.post, "/embed", body).status == .ok)
            let scrape = try await Scrape(of: fixture)
            let found = lines.withState { $0 }.filter { $0.message == "step" }
            #expect(scrape.values["grace_step_duration_count"] ?? 0 > 0)
            guard level == .trace else {
                #expect(found.isEmpty)
                return
            }
            #expect(Double(found.count) == scrape.values["grace_step_duration_count"])
            let counts = found.map { $0.metadata.compactMapValues { Int($0.description) } }
            let names: Set = [
                "began", "ended", "rows", "admitted", "writing", "unfinished", "prompt", "run", "drafted", "accepted",
                "sampled", "attended",
            ]
            #expect(counts.allSatisfy { Set($0.keys) == names })
            let promptCount = counts.reduce(0) { $0 + ($1["prompt"] ?? 0) }
            #expect(Double(promptCount) == scrape.values["grace_prefill_tokens_total"])
            #expect(zip(counts, counts.dropFirst()).allSatisfy { $0["ended"] ?? 0 <= $1["began"] ?? 0 })
        }
    }

    @Test("Texts and rationales are in the log only where the operator wants them", arguments: [false, true])
    func texts(logged: Bool) async throws {
        let text = "a secret that nobody else knows"
        try await ServiceFixture.withModel(configure: { $0.logsTexts = logged }, logger: logger(.trace)) { fixture in
            let answer = await fixture.send(
                .post, "/explain", headers: ["Content-Type": "application/json", "x-request-id": "mine"],
                #"{"inputs": "\#(text)", "max_rationale_tokens": 4}"#)
            #expect(answer.status == .ok)
        }
        let found = lines.withState { $0 }
        let withText = found.filter { line in line.metadata.values.contains { $0.description.contains(text) } }
        #expect(withText.map(\.message) == (logged ? ["text"] : []))
        #expect(withText.allSatisfy { $0.metadata["id"]?.description == "mine" && $0.metadata["rationale"] != nil })
    }
}
