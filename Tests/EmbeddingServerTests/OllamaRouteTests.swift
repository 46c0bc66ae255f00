import EmbeddingServer
import Foundation
import Grace
import HTTP
import Serving
import TestSupport
import Testing

@Suite("Ollama's routes", .serialized)
struct OllamaRouteTests {
    private struct Answer: Decodable {
        let model: String
        let embeddings: [[Float]]
        let total_duration: Int
        let load_duration: Int
        let prompt_eval_count: Int
    }

    private struct Model: Decodable {
        struct Details: Decodable {
            let family: String
            let families: [String]
        }

        let name: String
        let model: String
        let digest: String
        let size: Int
        let details: Details
    }

    @Test("Vectors are those of /embed, and a tag means nothing")
    func vectors() async throws {
        try await ServiceFixture.withModel { fixture in
            let expected = try await fixture.embed(#"{"inputs": ["a text", "two"], "dimensions": 16}"#)
            let prompt = try await fixture.explain(#"{"inputs": ["a text", "two"]}"#).reduce(0) {
                $0 + $1.prompt_tokens
            }
            for model in ["tiny-qwen2", "tiny-qwen2:latest", "", "default:latest"] {
                let answer = try await fixture.send(
                    .post, "/api/embed",
                    #"""
                    {"model": "\#(model)", "input": ["a text", "two"], "truncate": true, "dimensions": 16,
                     "options": {"temperature": 5, "num_ctx": 9}, "keep_alive": "5m"}
                    """#
                ).decoded(Answer.self)
                #expect(answer.embeddings == expected)
                #expect(answer.model == model)
                #expect(answer.prompt_eval_count == prompt)
                #expect(answer.total_duration > 0 && answer.load_duration == 0)
            }
            let one = try await fixture.send(.post, "/api/embed", #"{"input": "two", "dimensions": 0}"#)
                .decoded(Answer.self)
            let two = try await fixture.embed(#"{"inputs": "two"}"#)
            #expect(one.embeddings == two)
            #expect(one.model == "tiny-qwen2")
        }
    }

    @Test("The older route answers one vector")
    func prompt() async throws {
        struct Legacy: Decodable {
            let embedding: [Float]
        }
        try await ServiceFixture.withModel { fixture in
            let answer = try await fixture.send(
                .post, "/api/embeddings", #"{"model": "tiny-qwen2", "prompt": "two"}"#
            ).decoded(Legacy.self)
            let two = try await fixture.embed(#"{"inputs": "two"}"#)
            #expect([answer.embedding] == two)
        }
    }

    @Test(
        "A client that sends no text has the model loaded, which it is",
        arguments: [#"{"model": "tiny-qwen2"}"#, #"{"input": ""}"#, #"{"input": []}"#])
    func warming(body: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let answer = try await fixture.send(.post, "/api/embed", body).decoded(Answer.self)
            #expect(answer.embeddings.isEmpty && answer.model == "tiny-qwen2")
        }
    }

    @Test("The models, one of them, and the version are told as Ollama's clients ask")
    func models() async throws {
        struct List: Decodable {
            let models: [Model]
        }
        struct Shown: Decodable {
            let details: Model.Details
            let capabilities: [String]
        }
        try await ServiceFixture.withModel { fixture in
            let list = try await fixture.send(.get, "/api/tags").decoded(List.self).models
            #expect(list.map(\.name) == ["tiny-qwen2:latest"] && list.map(\.model) == ["tiny-qwen2:latest"])
            #expect(list[0].digest == fixture.store.listing.activeModel?.identity.fingerprint)
            for field in ["model", "name"] {
                let shown = try await fixture.send(.post, "/api/show", #"{"\#(field)": "tiny-qwen2:latest"}"#)
                    .decoded(Shown.self)
                #expect(shown.capabilities == ["embedding"] && shown.details.families == ["qwen2"])
            }
            let version = await fixture.send(.get, "/api/version")
            #expect(String(decoding: version.body, as: UTF8.self) == #"{"version":"\#(graceVersion)"}"#)
        }
    }

    @Test(
        "What is wrong is one message",
        arguments: [
            ("/api/embed", #"{"model": "gpt:latest", "input": "a"}"#, 404, "no checkpoint 'gpt' is served"),
            ("/api/embed", #"{"model": "gpt"}"#, 404, "no checkpoint 'gpt' is served"),
            ("/api/embed", #"{"input": [], "dimensions": 49}"#, 422, "`dimensions` is 49, allowed are 1 to 48"),
            ("/api/embed", #"{"top_p": "a"}"#, 422, "`top_p` must be a number"),
            ("/api/embed", #"{"input": [""]}"#, 400, "`input[0]` cannot be empty"),
            ("/api/embed", #"{"input": 5}"#, 422, "`input` must be a string"),
            ("/api/embed", #"{"input": "a", "options": 5}"#, 422, "`options` must be an object, not 5"),
            ("/api/embeddings", "{}", 422, "`prompt` is missing"),
            ("/api/embeddings", #"{"prompt": ""}"#, 400, "`prompt` cannot be empty"),
            ("/api/show", "{}", 422, "`model` is missing"), ("/api/show", #"{"model": "x"}"#, 404, "no checkpoint 'x'"),
        ])
    func refusals(path: String, body: String, status: Int, message: String) async throws {
        struct Refusal: Decodable {
            let error: String
        }
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, path, body)
            #expect(response.status.code == status)
            let error = try JSONDecoder().decode(Refusal.self, from: Data(response.body)).error
            #expect(error.hasPrefix(message), "\(error)")
        }
    }
}
