import EmbeddingServer
import Engine
import Grace
import HTTP
import Serving
import TestSupport
import Testing

@Suite("Refusals", .serialized)
struct RefusalTests {
    struct Refusal: CustomTestStringConvertible, Sendable {
        let body: String
        let status: HTTPStatus
        let type: String
        let message: String

        init(_ body: String, _ status: HTTPStatus, _ type: String, _ message: String) {
            (self.body, self.status, self.type, self.message) = (body, status, type, message)
        }

        var testDescription: String { String(body.prefix(60)) }
    }

    static let refusals: [Refusal] = [
        Refusal(#"{"inputs": []}"#, .badRequest, "Empty", "`inputs` cannot be empty"),
        Refusal(#"{"inputs": ""}"#, .badRequest, "Empty", "`inputs` cannot be empty"),
        Refusal(#"{"inputs": ["a", ""]}"#, .badRequest, "Empty", "`inputs[1]` cannot be empty"),
        Refusal(
            "", .badRequest, "Request", "the body is not a JSON document: invalid JSON at byte 0: expected a value"),
        Refusal("{", .badRequest, "Request", "the body is not a JSON document: invalid JSON at byte 1: expected a key"),
        Refusal(
            #"{"inputs": "a"} x"#, .badRequest, "Request",
            "the body is not a JSON document: invalid JSON at byte 16: expected the end of the document"),
        Refusal(
            #"{"inputs": "\ud800"}"#, .badRequest, "Request",
            "the body is not a JSON document: invalid JSON at byte 14: expected a surrogate to be one of a pair"),
        Refusal(
            #"{"inputs": "a", "seed": 1, "seed": 2}"#, .badRequest, "Request",
            "the body is not a JSON document: key seed occurs twice"),
        Refusal("[]", .unprocessableContent, "Validation", "the body must be a JSON object, not an array of 0"),
        Refusal("{}", .unprocessableContent, "Validation", "`inputs` is missing"),
        Refusal(#"{"inputs": null}"#, .unprocessableContent, "Validation", "`inputs` is missing"),
        Refusal(
            #"{"inputs": 1}"#, .unprocessableContent, "Validation",
            "`inputs` must be a string or a list of strings, not 1"),
        Refusal(
            #"{"inputs": ["a", 2]}"#, .unprocessableContent, "Validation",
            "`inputs[1]` must be a string or a list of tokens, not 2"),
        Refusal(
            #"{"inputs": ["a", "b", "c", "d"]}"#, .unprocessableContent, "Validation",
            "`inputs` has 4 texts, the limit is 3"),
        Refusal(
            #"{"inputs": "a", "normalize": "yes"}"#, .unprocessableContent, "Validation",
            "`normalize` must be true or false, not the string \"yes\""),
        Refusal(
            #"{"inputs": "a", "truncation_direction": "up"}"#, .unprocessableContent, "Validation",
            #"`truncation_direction` must be "right" or "left", not the string "up""#),
        Refusal(
            #"{"inputs": "a", "dimensions": 0}"#, .unprocessableContent, "Validation",
            "`dimensions` is 0, allowed are 1 to 48"),
        Refusal(
            #"{"inputs": "a", "dimensions": 49}"#, .unprocessableContent, "Validation",
            "`dimensions` is 49, allowed are 1 to 48"),
        Refusal(
            #"{"inputs": "a", "max_rationale_tokens": -1}"#, .unprocessableContent, "Validation",
            "`max_rationale_tokens` is -1, allowed are 0 to 2048"),
        Refusal(
            #"{"inputs": "a", "max_rationale_tokens": 99999999999999999999}"#, .unprocessableContent, "Validation",
            "`max_rationale_tokens` must be an integer, not 1e+20"),
        Refusal(
            #"{"inputs": "a", "max_rationale_tokens": 1.5}"#, .unprocessableContent, "Validation",
            "`max_rationale_tokens` must be an integer, not 1.5"),
        Refusal(
            #"{"inputs": "a", "max_rationale_tokens": 1024}"#, .unprocessableContent, "Validation",
            "a rationale of 1024 tokens leaves the prompt no room in the model's context of 1024"),
        Refusal(
            #"{"inputs": "a", "max_rationale_tokens": 1000}"#, .unprocessableContent, "Validation",
            "the prompt has "),
        Refusal(
            #"{"inputs": "a", "temperature": -0.1}"#, .unprocessableContent, "Validation",
            "`temperature` is -0.1, allowed are 0 to 100"),
        Refusal(
            #"{"inputs": "a", "top_p": 0}"#, .unprocessableContent, "Validation",
            "`top_p` is 0.0, allowed are numbers over 0 up to 1"),
        Refusal(
            #"{"inputs": "a", "stop_when_stable": -0.5}"#, .unprocessableContent, "Validation",
            "`stop_when_stable` is -0.5, allowed are 0 to 2"),
        Refusal(
            #"{"inputs": "a", "stop_when_stable": 2.01}"#, .unprocessableContent, "Validation",
            "`stop_when_stable` is 2.01, allowed are 0 to 2"),
        Refusal(
            #"{"inputs": "a", "stop_when_stable": "nan"}"#, .unprocessableContent, "Validation",
            "`stop_when_stable` must be a number, not the string \"nan\""),
        Refusal(
            #"{"inputs": "a", "trace": 1}"#, .unprocessableContent, "Validation", "`trace` must be true or false, not 1"
        ),
        Refusal(
            #"{"inputs": "a", "seed": -1}"#, .unprocessableContent, "Validation",
            "`seed` is -1, allowed are 0 to 9223372036854775807"),
    ]

    @Test("What is wrong with a request is named, with both values", arguments: refusals)
    func requests(refusal: Refusal) async throws {
        try await ServiceFixture.withModel(configure: { $0.requestLimits.maxClientBatchSize = 3 }) { fixture in
            for path in ["/embed", "/explain"] {
                let response = await fixture.send(.post, path, refusal.body)
                #expect(response.status == refusal.status)
                let answer = try response.errorAnswer()
                #expect(answer.error_type == refusal.type)
                #expect(answer.error.hasPrefix(refusal.message), "\(answer.error)")
            }
        }
    }

    @Test(
        "A message quotes no more than the beginning of what was sent",
        arguments: [#"{"inputs": "a", "truncation_direction": "LONG"}"#, #"{"LONG": 1, "LONG": 2}"#])
    func excerpts(body: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let body = body.replacing("LONG", with: String(repeating: "x", count: 100_000))
            let answer = try await fixture.send(.post, "/embed", body).errorAnswer()
            #expect(answer.error.utf8.count < 200, "\(answer.error)")
        }
    }

    @Test("A body that is not UTF-8 is refused, not repaired")
    func invalidUTF8() async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(
                .post, "/embed", Array(#"{"inputs": ""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8))
            #expect(response.status == .badRequest)
            let answer = try response.errorAnswer()
            #expect(
                answer
                    == ErrorAnswer(
                        error: "the body is not a JSON document: the string at byte 11 is not valid UTF-8",
                        error_type: "Request"))
        }
    }

    @Test(
        "Only JSON is read",
        arguments: [
            ["Content-Type": "text/plain"], ["Content-Type": "application/x-www-form-urlencoded"], [:],
            ["Content-Type": "application/json", "Content-Encoding": "br"],
        ] as [HTTPFields])
    func mediaTypes(headers: HTTPFields) async throws {
        let response = await ServiceFixture.without().send(.post, "/embed", headers: headers, #"{"inputs": "a"}"#)
        #expect(response.status == .unsupportedMediaType)
        #expect(try response.errorAnswer().error_type == "Request")
    }

    @Test(
        "A JSON media type may have parameters and any case",
        arguments: ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=\"utf-8\""])
    func jsonMediaTypes(type: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, "/embed", headers: ["Content-Type": type], #"{"inputs": "a"}"#)
            #expect(response.status == .ok)
        }
    }

    @Test("While no model is ready every route that needs one answers 503 with the reason")
    func unhealthy() async throws {
        let fixture = ServiceFixture.without()
        for (reason, change) in [
            ("no model is loaded", { _ in }), ("the server is stopping", { $0.stop() }),
        ] as [(String, (ModelStore) -> Void)] {
            change(fixture.store)
            for (method, path) in [
                (HTTPMethod.get, "/health"), (.get, "/info"), (.get, "/v2/health/ready"), (.post, "/embed"),
                (.post, "/explain"),
            ] {
                let response = await fixture.send(method, path, #"{"inputs": "a"}"#)
                #expect(response.status == .serviceUnavailable)
                #expect(response.headers["Retry-After"] != nil)
                #expect(try response.errorAnswer() == ErrorAnswer(error: reason, error_type: "Unhealthy"))
            }
            #expect(await fixture.send(.get, "/v2/health/live").status == .ok)
        }
    }

    @Test("More texts than the server takes at once are refused with 429, and none of them is computed")
    func overloaded() async throws {
        let limits = BatchScheduler.Limits(maxLiveRequests: 2, maxBatchTokens: 4096, maxStepTokens: 64, maxRequests: 3)
        try await ServiceFixture.withModel(configure: { $0.batchLimits = limits }) { fixture in
            let response = await fixture.send(.post, "/embed", #"{"inputs": ["a", "b", "c", "d"]}"#)
            #expect(response.status == .tooManyRequests)
            #expect(response.headers["Retry-After"] != nil)
            let answer = try response.errorAnswer()
            #expect(answer.error_type == "Overloaded")
            let vectors = try await fixture.embed(#"{"inputs": ["a", "b", "c"]}"#)
            #expect(vectors.count == 3)
        }
    }

    @Test("Texts that are there already take no place in the queue, and only new ones are refused")
    func overloadedWithHits() async throws {
        let limits = BatchScheduler.Limits(maxLiveRequests: 2, maxBatchTokens: 4096, maxStepTokens: 64, maxRequests: 3)
        try await ServiceFixture.withModel(configure: { $0.batchLimits = limits }) { fixture in
            let kept = try await fixture.embed(#"{"inputs": ["a", "b", "c"]}"#)
            let refused = await fixture.send(.post, "/embed", #"{"inputs": ["a", "d", "e", "f", "g"]}"#)
            #expect(refused.status == .tooManyRequests)
            #expect(refused.headers["x-grace-cache"] == nil)
            let mixed = await fixture.send(.post, "/embed", #"{"inputs": ["a", "d", "b", "c", "d"]}"#)
            #expect(mixed.headers["x-grace-cache"] == "hit=3, shared=1, miss=1")
            #expect(try mixed.decoded([[Float]].self)[2] == kept[1])
        }
    }

    @Test("Unknown paths and methods are answered as JSON")
    func routing() async throws {
        let fixture = ServiceFixture.without()
        let missing = await fixture.send(.get, "/nowhere")
        #expect(missing.status == .notFound)
        #expect(try missing.errorAnswer().error_type == "Request")
        let method = await fixture.send(.get, "/embed")
        #expect(method.status == .methodNotAllowed)
        #expect(method.headers["Allow"] == "POST")
        #expect(try method.errorAnswer().error_type == "Request")
    }

    @Test("Health and information name the checkpoint")
    func information() async throws {
        try await ServiceFixture.withModel(configure: { $0.maxInputTokens = 4096 }) { fixture in
            let health = await fixture.send(.get, "/health")
            #expect(health.status == .ok)
            let info = try await fixture.send(.get, "/info").decoded(Info.self)
            #expect(info.model_id == "tiny-qwen2")
            #expect(info.dimensions == 48)
            #expect(info.context_length == 1024)
            #expect(info.max_input_length == 1024)
            #expect(info.checkpoint == "tiny-qwen2@\(info.model_sha.prefix(12))")
            #expect(String(decoding: health.body, as: UTF8.self).contains(info.checkpoint))
        }
    }

    private struct Info: Decodable {
        let model_id: String
        let model_sha: String
        let checkpoint: String
        let dimensions: Int
        let context_length: Int
        let max_input_length: Int
    }
}
