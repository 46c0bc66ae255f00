import Evaluation
import HTTP
import JSON
import Testing

/// Answers as the server does: the vector of a text tells its length and what was asked.
private struct EmbeddingHandler: HTTPHandler {
    var info = #"{"model_id":"m","model_sha":"0123456789abcdef","compute":"int8/x","checkpoint":"m@0123456789ab"}"#
    var embedAnswer: String?

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/info" { return answer(info) }
        if let embedAnswer { return answer(embedAnswer) }
        do throws(JSONError) {
            guard case .object(let members) = try JSONValue(parsing: request.body),
                case .array(let inputs)? = members["inputs"], case .string(let text)? = inputs.first,
                case .integer(let tokens)? = members["max_rationale_tokens"],
                members["model"] == .string("m@0123456789ab"), members["normalize"] == .bool(false)
            else { return HTTPResponse(status: .badRequest) }
            if text == "refused" {
                return answer(#"{"error":"the queue is full","error_type":"Overloaded"}"#, status: .tooManyRequests)
            }
            // What ends a rationale early is asked for where there is one.
            if case .number(let limit)? = members["stop_when_stable"] {
                return answer(
                    #"[{"embedding":[\#(limit)],"rationale":"so","rationale_tokens":8,"#
                        + #""finish_reason":"stable","truncated":false}]"#)
            }
            var seed = -1
            if case .integer(let given)? = members["seed"] { seed = given % 1000 }
            let vector = "[\(text.count),\(tokens),\(seed)]"
            guard request.path == "/explain" else { return answer("[\(vector)]") }
            return answer(
                #"[{"embedding":\#(vector),"rationale":"so","rationale_tokens":2,"#
                    + #""finish_reason":"length","truncated":true}]"#
            )
        } catch {
            return HTTPResponse(status: .badRequest)
        }
    }

    func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { nil }

    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse { HTTPResponse(status: error.status) }

    private func answer(_ text: String, status: HTTPStatus = .ok) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "application/json"], body: Array(text.utf8))
    }
}

@Suite("Evaluating a server")
struct ServerEmbedderTests {
    private func with<Value: Sendable>(
        _ handler: EmbeddingHandler = EmbeddingHandler(), _ body: (ServerAddress) async throws -> Value
    ) async throws -> Value {
        let server = try HTTPServer(
            listeners: [Listener(host: "127.0.0.1", port: 0)], handler: handler, limits: HTTPLimits())
        server.start()
        do {
            let value = try await body(try #require(ServerAddress("http://127.0.0.1:\(server.address.port)")))
            await server.shutdown(deadline: .zero)
            return value
        } catch {
            await server.shutdown(deadline: .zero)
            throw error
        }
    }

    @Test("Vectors come from /embed, rationales with theirs from /explain")
    func embeds() async throws {
        try await with { address in
            let embedder = try await ServerEmbedder(address, concurrency: 2)
            #expect(
                embedder.identity == EmbedderIdentity(name: "m", fingerprint: "0123456789abcdef", compute: "int8/x"))
            #expect(
                try await embedder.embed("four", as: .withoutRationale) == EmbeddedText(vector: [4, 0, -1]))
            let settings = RationaleSettings(maxRationaleTokens: 8, temperature: 1, seed: 5007)
            #expect(
                try await embedder.embed("\"é\"", as: settings)
                    == EmbeddedText(
                        vector: [3, 8, 7], rationale: "so", rationaleTokens: 2, isCutOff: true, isTruncated: true))
            let stable = RationaleSettings(maxRationaleTokens: 64, temperature: 0, seed: 0, stopWhenStable: 0.25)
            #expect(
                try await embedder.embed("four", as: stable)
                    == EmbeddedText(vector: [0.25], rationale: "so", rationaleTokens: 8))
        }
    }

    @Test("A whole evaluation runs over a server")
    func evaluates() async throws {
        try await with { address in
            let lines = (1...40).map { #"{"s1":"x","s2":"\#(String(repeating: "x", count: $0))","score":\#($0)}"# }
            let embedder = try await ServerEmbedder(address, concurrency: 4)
            let evaluator = try Evaluator(
                run: EmbeddingRun(embedder: embedder), tasks: [task(lines)],
                modes: [RationaleMode(.greedy, maxRationaleTokens: 3, temperature: 0, seedCount: 1)],
                settings: EvaluationSettings(maxWords: 0, bootstrap: Bootstrap(resamples: 10, seed: 0)))
            let results = try await evaluator.evaluate()
            #expect(results.tasks.count == 1)
            #expect(results.tasks[0].evidence[0].count == 40)
            #expect(results.rationales[0].runs[0].cutOffShare == 1)
            #expect(results.rationales[0].runs[0].meanTokens == 2)
        }
    }

    @Test("What the server refuses is told with status and message")
    func refused() async throws {
        try await with { address in
            let embedder = try await ServerEmbedder(address)
            await #expect(
                throws: EvaluationError.refused(
                    address: "\(address)", status: 429,
                    message: #"{"error":"the queue is full","error_type":"Overloaded"}"#)
            ) { try await embedder.embed("refused", as: .withoutRationale) }
        }
    }

    @Test("An answer of another shape is refused", arguments: ["{}", "[", "[[1],[2]]", #"[["x"]]"#, "[5]"])
    func shapes(answer: String) async throws {
        try await with(EmbeddingHandler(embedAnswer: answer)) { address -> Void in
            let embedder = try await ServerEmbedder(address)
            for tokens in [0, 4] {
                let settings = RationaleSettings(maxRationaleTokens: tokens, temperature: 0, seed: 0)
                await #expect(throws: EvaluationError.self) { try await embedder.embed("a", as: settings) }
            }
        }
        try await with(EmbeddingHandler(info: answer)) { address -> Void in
            await #expect(throws: EvaluationError.self) { _ = try await ServerEmbedder(address) }
        }
    }

    @Test("Where nobody listens the error names the address")
    func nobody() async throws {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        let address = try #require(ServerAddress("http://127.0.0.1:\(listener.address.port)"))
        await listener.close()
        await #expect(throws: EvaluationError.self) { try await ServerEmbedder(address) }
    }

    @Test(
        "Addresses",
        arguments: [
            ("http://127.0.0.1:8080", "127.0.0.1", 8080), ("http://host/", "host", 80), ("http://[::1]:1", "::1", 1),
            ("http://[::1]", "::1", 80),
        ])
    func addresses(text: String, host: String, port: Int) throws {
        let address = try #require(ServerAddress(text))
        #expect(address.host == host)
        #expect(address.port == port)
        #expect(ServerAddress("\(address)") == address)
    }

    @Test(
        "What is no address of a server without TLS is refused",
        arguments: [
            "", "host:80", "https://host", "http://", "http://host/path", "http://host:0", "http://host:70000",
            "http://host:x", "http://u@host", "http://[::1", "http://[::1]x", "http://:80", "http://a b",
        ])
    func noAddress(text: String) {
        #expect(ServerAddress(text) == nil)
    }
}
