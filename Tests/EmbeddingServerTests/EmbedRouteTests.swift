import EmbeddingServer
import Foundation
import HTTP
import TestSupport
import Testing

@Suite("POST /embed and /explain")
struct EmbedRouteTests {
    @Test("One text and a list of texts both answer a list of unit vectors, in order")
    func shapes() async throws {
        try await ServiceFixture.withModel { fixture in
            let one = try await fixture.embed(#"{"inputs": "a text"}"#)
            let several = try await fixture.embed(#"{"inputs": ["another", "a text"]}"#)
            #expect(one.count == 1)
            #expect(several.count == 2)
            #expect(relativeL2(several[1], one[0]) <= 1e-5)
            for vector in one + several {
                #expect(vector.count == 48)
                #expect(abs(norm(vector) - 1) < 1e-5)
            }
        }
    }

    @Test("Dimensions are cut before the vector is normalised")
    func dimensions() async throws {
        try await ServiceFixture.withModel { fixture in
            let raw = try await fixture.embed(#"{"inputs": "a text", "normalize": false}"#)[0]
            let cut = try await fixture.embed(#"{"inputs": "a text", "dimensions": 16}"#)[0]
            #expect(abs(norm(raw) - 1) > 1e-3)
            let length = norm(Array(raw.prefix(16)))
            #expect(cut.count == 16)
            #expect(relativeL2(cut, raw.prefix(16).map { Float(Double($0) / length) }) <= 1e-6)
            let cutRaw = try await fixture.embed(#"{"inputs": "a text", "dimensions": 16, "normalize": false}"#)[0]
            #expect(cutRaw == Array(raw.prefix(16)))
        }
    }

    @Test("Null stands for the default, and fields that are not known are ignored")
    func nulls() async throws {
        try await ServiceFixture.withModel { fixture in
            let plain = try await fixture.embed(#"{"inputs": "a text"}"#)
            let nulls = try await fixture.embed(
                #"""
                {"inputs": "a text", "normalize": null, "truncate": null, "truncation_direction": null,
                 "dimensions": null, "max_rationale_tokens": null, "temperature": null, "top_p": null, "seed": null,
                 "stop_when_stable": null, "trace": null, "parameters": {"x": 1}}
                """#)
            #expect(plain == nulls)
        }
    }

    @Test("The headers count tokens, give times, and name checkpoint, arithmetic and request")
    func headers() async throws {
        try await ServiceFixture.withModel { fixture in
            let explanations = try await fixture.explain(#"{"inputs": ["a text", "two"]}"#)
            let response = await fixture.send(.post, "/embed", #"{"inputs": ["a text", "two"]}"#)
            let rationaleTokens = explanations.reduce(0) { $0 + $1.rationale_tokens }
            let tokens = explanations.reduce(rationaleTokens) { $0 + $1.prompt_tokens }
            #expect(response.headers["x-compute-tokens"] == "\(tokens)")
            #expect(response.headers["x-rationale-tokens"] == "\(rationaleTokens)")
            #expect(response.headers["x-grace-checkpoint"] == explanations[0].checkpoint)
            #expect(response.headers["x-grace-checkpoint"]?.hasPrefix("tiny-qwen2@") == true)
            #expect(response.headers["x-grace-compute"]?.hasPrefix("float32/openblas-") == true)
            // What is computed in float32 is not guessed.
            #expect(response.headers["x-drafted-tokens"] == "0")
            #expect(response.headers["x-accepted-tokens"] == "0")
            for name in ["x-total-time", "x-queue-time", "x-inference-time"] {
                #expect(Int(response.headers[name] ?? "") != nil, "\(name)")
            }
            #expect(response.headers["x-request-id"]?.count == 32)
        }
    }

    @Test(
        "A header says what was computed before, under way, or computed anew",
        arguments: [
            ("/embed", 4096, #"{"inputs": "one"}"#, "hit"),
            ("/embed", 4096, #"{"inputs": ["one"]}"#, "hit"),
            ("/explain", 4096, #"{"inputs": "one", "embedding": true, "dimensions": 3, "seed": 5}"#, "hit"),
            ("/embed", 4096, #"{"inputs": "other"}"#, "miss"),
            ("/embed", 4096, #"{"inputs": "one", "max_rationale_tokens": 2}"#, "miss"),
            ("/embed", 4096, #"{"inputs": "one", "temperature": 1}"#, "miss"),
            ("/embed", 4096, #"{"inputs": "one", "stop_when_stable": 0.1}"#, "miss"),
            ("/explain", 4096, #"{"inputs": "one", "trace": true}"#, "miss"),
            ("/explain", 4096, #"{"inputs": "one", "trace": false}"#, "hit"),
            ("/embed", 4096, #"{"inputs": ["two", "one", "two", "three", "one"]}"#, "hit=2, shared=1, miss=2"),
            ("/embed", 4096, #"{"inputs": ["a", "b"]}"#, "hit=0, shared=0, miss=2"),
            ("/embed", 0, #"{"inputs": "one"}"#, "miss"),
            ("/explain", 0, #"{"inputs": ["one", "one"]}"#, "hit=0, shared=0, miss=2"),
        ])
    func cache(path: String, entries: Int, body: String, header: String) async throws {
        try await ServiceFixture.withModel(configure: { $0.cacheEntries = entries }) { fixture in
            let first = await fixture.send(.post, "/embed", #"{"inputs": "one"}"#)
            #expect(first.headers["x-grace-cache"] == "miss")
            let response = await fixture.send(.post, path, body)
            #expect(response.status == .ok)
            #expect(response.headers["x-grace-cache"] == header)
            if header == "hit" {
                #expect(response.headers["x-queue-time"] == "0")
                #expect(response.headers["x-inference-time"] == "0")
            }
        }
    }

    @Test("A hit answers what was answered first, with the seed that it was asked with")
    func hits() async throws {
        try await ServiceFixture.withModel { fixture in
            let first = try await fixture.explain(#"{"inputs": "a text", "embedding": true}"#)[0]
            let again = await fixture.send(.post, "/explain", #"{"inputs": "a text", "embedding": true}"#)
            #expect(again.headers["x-grace-cache"] == "hit")
            #expect(try again.decoded([Explanation].self) == [first])
            let seeded = try await fixture.explain(#"{"inputs": "a text", "embedding": true, "seed": 7}"#)[0]
            #expect(seeded.embedding == first.embedding && seeded.seed == 7 && first.seed != 7)
        }
    }

    @Test("Texts that differ only where they are cut share what is left of them, and say that they were cut")
    func cutTexts() async throws {
        try await ServiceFixture.withModel { fixture in
            let words = (0..<3000).map { "w\($0 % 97)" }.joined(separator: " ")
            func body(_ text: String) -> String { #"{"inputs": "\#(text)", "max_rationale_tokens": 1}"# }
            let first = try await fixture.explain(body(words + " one end"))[0]
            let other = await fixture.send(.post, "/explain", body(words + " another end"))
            #expect(other.headers["x-grace-cache"] == "hit")
            let explanation = try other.decoded([Explanation].self)[0]
            #expect(explanation.truncated && explanation.rationale == first.rationale)
        }
    }

    @Test(
        "A request's own identifier comes back if it is safe to repeat",
        arguments: [("abc-123", true), ("", false), ("with space", false), (String(repeating: "x", count: 129), false)])
    func requestIdentifiers(identifier: String, isKept: Bool) async throws {
        let response = await ServiceFixture.without()
            .send(.get, "/health", headers: ["X-Request-Id": identifier])
        #expect((response.headers["x-request-id"] == identifier) == isKept)
    }

    @Test("An explanation says what was written, why it ended and with what seed")
    func explanations() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = #"{"inputs": "a text", "temperature": 0.7, "seed": 9223372036854775807, "embedding": true}"#
            let explanation = try await fixture.explain(body)[0]
            let vector = try await fixture.embed(body)[0]
            #expect(explanation.seed == UInt64(Int.max))
            #expect(explanation.embedding == vector)
            #expect(explanation.understanding == explanation.rationale)
            #expect(explanation.rationale_tokens <= 8)
            #expect(["stop", "length"].contains(explanation.finish_reason))
            #expect(!explanation.truncated)
            let text = await fixture.send(.post, "/explain", #"{"inputs": "a text"}"#)
            #expect(String(decoding: text.body, as: UTF8.self).contains(#""reasoning":null"#))
            #expect(!String(decoding: text.body, as: UTF8.self).contains("embedding"))
            #expect(!String(decoding: text.body, as: UTF8.self).contains("trace"))
        }
    }

    @Test("A trace compares the vectors of shorter rationales with the final one")
    func traces() async throws {
        try await ServiceFixture.withModel { fixture in
            let whole = #""inputs": "a text", "embedding": true, "temperature": 1, "seed": 4"#
            let found = try await fixture.explain(#"{\#(whole), "max_rationale_tokens": 24, "trace": true}"#)[0]
            let trace = try #require(found.trace)
            #expect(found.rationale_tokens == 24 && trace.count == 3 && trace[2] == 1)
            for (count, value) in zip([8, 16], trace) {
                let short = try await fixture.explain(#"{\#(whole), "max_rationale_tokens": \#(count)}"#)[0]
                let expected = cosine(try #require(short.embedding), try #require(found.embedding))
                #expect(abs(Double(value) - expected) <= 1e-5)
            }
        }
    }

    @Test("A trace is empty without a rationale, also where the vector was kept for who asked for none")
    func emptyTraces() async throws {
        try await ServiceFixture.withModel { fixture in
            let plain = await fixture.send(.post, "/explain", #"{"inputs": "a text", "max_rationale_tokens": 0}"#)
            let traced = await fixture.send(
                .post, "/explain", #"{"inputs": "a text", "max_rationale_tokens": 0, "trace": true}"#)
            #expect(plain.headers["x-grace-cache"] == "miss" && traced.headers["x-grace-cache"] == "hit")
            let explanations = try [plain, traced].map { try $0.decoded([Explanation].self)[0] }
            #expect(explanations.map(\.trace) == [nil, []])
        }
    }

    @Test("Only /explain answers a trace: /embed says so", arguments: ["/embed", "/"])
    func traceOfEmbed(path: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, path, #"{"inputs": "a text", "trace": true}"#)
            #expect(response.status == .unprocessableContent)
            let answer = try response.errorAnswer()
            #expect(answer.error == "`trace` is answered by `/explain`, and vectors with `embedding`")
        }
    }

    @Test("A rationale that is to end when it is stable does, on every route, with the vector of a limit there")
    func stops() async throws {
        try await ServiceFixture.withModel(configure: { $0.cacheEntries = 0 }) { fixture in
            let limited = try await fixture.embed(#"{"inputs": "a text", "max_rationale_tokens": 8}"#)
            let stable = #""max_rationale_tokens": 40, "stop_when_stable": 2"#
            let explained = try await fixture.explain(#"{"inputs": "a text", "embedding": true, \#(stable)}"#)[0]
            #expect(explained.finish_reason == "stable" && explained.rationale_tokens == 8)
            #expect(explained.embedding == limited[0])
            for (path, body) in [
                ("/embed", #"{"inputs": "a text", \#(stable)}"#),
                ("/v1/embeddings", #"{"input": "a text", \#(stable)}"#),
                ("/api/embed", #"{"input": "a text", \#(stable)}"#),
            ] {
                #expect(await fixture.send(.post, path, body).headers["x-rationale-tokens"] == "8", "\(path)")
            }
            let never = try await fixture.explain(
                #"{"inputs": "a text", "max_rationale_tokens": 16, "stop_when_stable": 0}"#)[0]
            #expect(never.finish_reason == "length" && never.rationale_tokens == 16)
        }
    }

    @Test("No rationale embeds the prompt alone")
    func withoutRationale() async throws {
        try await ServiceFixture.withModel { fixture in
            let explanation = try await fixture.explain(#"{"inputs": "a text", "max_rationale_tokens": 0}"#)[0]
            #expect(explanation.rationale.isEmpty)
            #expect(explanation.rationale_tokens == 0)
            #expect(explanation.finish_reason == "length")
        }
    }

    @Test("A text of 100,000 words is cut from the side that is asked for, or refused with both numbers")
    func longTexts() async throws {
        try await ServiceFixture.withModel { fixture in
            let words = (0..<100_000).map { "w\($0 % 97)" }.joined(separator: " ")
            let short = #""max_rationale_tokens": 1"#
            let right = try await fixture.explain(#"{"inputs": "\#(words)", \#(short)}"#)[0]
            let left = try await fixture.explain(
                #"{"inputs": "\#(words)", "truncation_direction": "Left", \#(short), "embedding": true}"#)[0]
            for explanation in [right, left] {
                #expect(explanation.truncated)
                #expect((1018...1023).contains(explanation.prompt_tokens))
            }
            let refused = await fixture.send(.post, "/embed", #"{"inputs": "\#(words)", "truncate": false, \#(short)}"#)
            #expect(refused.status == .unprocessableContent)
            let answer = try refused.errorAnswer()
            #expect(answer.error_type == "Validation")
            #expect(answer.error.hasPrefix("inputs[0] has ") && answer.error.hasSuffix("the limit is 1023"))
        }
    }

    private func norm(_ vector: [Float]) -> Double {
        vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
