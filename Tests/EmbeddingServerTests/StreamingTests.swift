import Confinement
import EmbeddingServer
import Foundation
import Grace
import HTTP
import Serving
import Testing
import Tokenization

/// An event of a stream as a client reads it.
struct StreamEvent: Equatable {
    let name: String
    let data: String
}

private struct Piece: Decodable {
    let index: Int
    let text: String
}

extension HTTPResponse {
    /// Reads a stream to its end.
    func events() async throws -> [StreamEvent] {
        guard case .stream(let stream) = content else {
            Issue.record("\(status) is no stream: \(String(decoding: body, as: UTF8.self))")
            return []
        }
        let written = Confined<[UInt8]>([])
        await stream.run(HTTPBodyWriter { bytes in written.withState { $0 += bytes } })
        let text = String(decoding: written.withState { $0 }, as: UTF8.self)
        return try text.components(separatedBy: "\n\n").dropLast().map { block in
            if block.hasPrefix(":") { return StreamEvent(name: "comment", data: block) }
            let lines = block.split(separator: "\n").map(String.init)
            let name = try #require(lines.first)
            let data = try #require(lines.last)
            #expect(lines.count == 2 && name.hasPrefix("event: ") && data.hasPrefix("data: "))
            return StreamEvent(name: String(name.dropFirst(7)), data: String(data.dropFirst(6)))
        }
    }
}

extension [StreamEvent] {
    /// The pieces of each text, joined.
    func rationales(count: Int) throws -> [String] {
        var rationales = [String](repeating: "", count: count)
        for event in self where event.name == "token" {
            let piece = try JSONDecoder().decode(Piece.self, from: Data(event.data.utf8))
            #expect(!piece.text.isEmpty)
            rationales[piece.index] += piece.text
        }
        return rationales
    }
}

@Suite("Streamed /explain", .timeLimit(.minutes(2)))
struct StreamingTests {
    @Test(
        "The pieces join to the rationales, and the last event is the answer without a stream",
        arguments: [
            #""one text""#, #"["one text", "another", "one text"]"#, #"["four", "texts", "and", "one", "more"]"#,
        ],
        [#""trace": false"#, #""trace": true"#, #""trace": true, "stop_when_stable": 2"#])
    func pieces(inputs: String, settings: String) async throws {
        try await ServiceFixture.withModel(configure: { $0.cacheEntries = 0 }) { fixture in
            let fields = #""inputs": \#(inputs), "max_rationale_tokens": 24, "embedding": true, \#(settings)"#
            let plain = await fixture.send(.post, "/explain", "{\(fields)}")
            let response = await fixture.send(.post, "/explain", #"{\#(fields), "stream": true}"#)
            #expect(response.headers["Content-Type"] == "text/event-stream")
            #expect(response.headers["x-grace-checkpoint"] == plain.headers["x-grace-checkpoint"])
            let events = try await response.events()
            #expect(events.last == StreamEvent(name: "done", data: String(decoding: plain.body, as: UTF8.self)))
            let explanations = try plain.decoded([Explanation].self)
            let rationales = try events.rationales(count: explanations.count)
            for (explanation, rationale) in zip(explanations, rationales) {
                #expect(explanation.rationale == rationale && !rationale.isEmpty)
            }
        }
    }

    @Test("A rationale that was kept, or that another request has begun, is told of in full")
    func sharedRationales() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = #"{"inputs": "a text", "stream": true, "max_rationale_tokens": 24}"#
            async let first = fixture.send(.post, "/explain", body).events()
            async let second = fixture.send(.post, "/explain", body).events()
            let events = try await [first, second, fixture.send(.post, "/explain", body).events()]
            let rationales = try events.map { try $0.rationales(count: 1)[0] }
            #expect(rationales[0] == rationales[1] && rationales[1] == rationales[2] && !rationales[0].isEmpty)
        }
    }

    @Test(
        "What fails before the first token has its own status",
        arguments: [
            (#"{"inputs": "", "stream": true}"#, 400), (#"{"inputs": "a", "stream": 1}"#, 422),
            (#"{"inputs": "a", "stream": true, "model": "none"}"#, 404),
            (#"{"inputs": "a", "stream": true, "temperature": -1}"#, 422),
        ])
    func refusals(body: String, status: Int) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, "/explain", body)
            #expect(response.status.code == status)
            _ = try response.errorAnswer()
        }
    }

    @Test("A client that goes away, before or in the stream, frees its place in the batch", arguments: [false, true])
    func disconnects(inStream: Bool) async throws {
        try await ServiceFixture.withModel(configure: { $0.requestLimits.maxRationaleTokens = 400 }) { fixture in
            let body = #"{"inputs": "a text", "stream": true, "max_rationale_tokens": 400}"#
            let (written, report) = AsyncStream.makeStream(of: Void.self)
            let reader = Task {
                let response = await fixture.send(.post, "/explain", body)
                guard inStream, case .stream(let stream) = response.content else { return }
                await stream.run(
                    HTTPBodyWriter { _ in
                        report.yield()
                        // The client takes nothing.
                        do { try await Task.sleep(for: .seconds(600)) } catch {}
                    })
            }
            if inStream {
                for await _ in written { break }
            }
            reader.cancel()
            await reader.value
            while try await fixture.waitingTexts() > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }
}

@Suite("Deadlines", .timeLimit(.minutes(2)))
struct DeadlineTests {
    private static let long = #"{"inputs": "a text", "max_rationale_tokens": 400}"#

    private static func headers(_ timeout: String) -> HTTPFields {
        ["Content-Type": "application/json", "x-request-timeout": timeout]
    }

    @Test("A request that takes longer than it gives is answered with 504, and its work is dropped")
    func timeout() async throws {
        try await ServiceFixture.withModel(configure: { $0.requestLimits.maxRationaleTokens = 400 }) { fixture in
            let response = await fixture.send(.post, "/embed", headers: Self.headers("0.0001"), Self.long)
            #expect(response.status == .gatewayTimeout)
            #expect(try response.errorAnswer().error_type == "Timeout")
            while try await fixture.waitingTexts() > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
    }

    @Test("A stream whose time is over ends with an error, and its work is cancelled")
    func stream() async throws {
        try await ServiceFixture.withModel { fixture in
            let (cancelled, report) = AsyncStream.makeStream(of: Void.self)
            let tokenizer = try await fixture.tokenizer()
            let stream = RationaleStream { reporter async throws(ServiceError) in
                reporter.accept(tokenizer, [:])
                do { try await Task.sleep(for: .seconds(600)) } catch { report.yield() }
                throw ServiceError.unhealthy("cancelled")
            }
            let response = await DeadlineApplication.$deadline.withValue(.now + .milliseconds(50)) {
                await stream.response()
            }
            let events = try await response.events()
            let last = try #require(events.last)
            #expect(last.name == "error" && last.data.contains("Timeout"))
            for await _ in cancelled { break }
        }
    }

    @Test("A silent stream pings")
    func pings() async throws {
        try await ServiceFixture.withModel { fixture in
            let (pings, report) = AsyncStream.makeStream(of: Void.self)
            let tokenizer = try await fixture.tokenizer()
            let stream = RationaleStream(pingInterval: .milliseconds(5)) { reporter async throws(ServiceError) in
                reporter.accept(tokenizer, [:])
                // The work goes on until its client has had a ping.
                for await _ in pings { break }
                return Array("[]".utf8)
            }
            let response = await stream.response()
            guard case .stream(let body) = response.content else {
                Issue.record("no stream")
                return
            }
            let written = Confined<[UInt8]>([])
            await body.run(
                HTTPBodyWriter { bytes in
                    written.withState { $0 += bytes }
                    report.yield()
                })
            let text = String(decoding: written.withState { $0 }, as: UTF8.self)
            #expect(text.hasPrefix(": ping\n\n") && text.hasSuffix("event: done\ndata: []\n\n"))
        }
    }

    @Test("The server's own limit holds where a request asks for more or nothing", arguments: [nil, "60"])
    func longest(asked: String?) async throws {
        try await ServiceFixture.withModel(
            configure: {
                $0.requestLimits.maxRationaleTokens = 400
                $0.requestTimeout = .microseconds(100)
            }
        ) { fixture in
            var headers: HTTPFields = ["Content-Type": "application/json"]
            headers["x-request-timeout"] = asked
            let response = await fixture.send(.post, "/embed", headers: headers, Self.long)
            #expect(response.status == .gatewayTimeout)
        }
    }

    @Test(
        "A time that is none is refused",
        arguments: [
            "", "0", "-1", "1e3", "nan", "inf", "0x10", "1,5", "1 s", "86401", String(repeating: "9", count: 400),
        ])
    func malformed(value: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, "/embed", headers: Self.headers(value), #"{"inputs": "a"}"#)
            #expect(response.status == .badRequest)
            let answer = try response.errorAnswer()
            #expect(answer.error.contains("x-request-timeout"))
        }
    }

    @Test("A request with enough time gets its vectors", arguments: ["60", "0.5e", "59.5"])
    func enough(value: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, "/embed", headers: Self.headers(value), #"{"inputs": "a"}"#)
            #expect(response.status == (value.contains("e") ? .badRequest : .ok))
        }
    }
}

extension ServiceFixture {
    private struct Information: Decodable {
        struct Queue: Decodable {
            let live: Int
            let waiting: Int
        }
        let queue: Queue
    }

    fileprivate func tokenizer() async throws -> Tokenizer {
        try await store.withModel(.preferring(nil)) { $0.model.tokenizer }
    }

    /// Texts that are live or wait.
    fileprivate func waitingTexts() async throws -> Int {
        let queue = try await send(.get, "/info").decoded(Information.self).queue
        return queue.live + queue.waiting
    }
}
