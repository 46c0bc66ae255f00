import EmbeddingServer
import Foundation
import HTTP
import Serving
import TestSupport
import Testing

/// The answer of `/v1/embeddings`, as OpenAI's clients read it.
private struct OpenAIAnswer<Vector: Decodable>: Decodable {
    struct Element: Decodable {
        let object: String
        let index: Int
        let embedding: Vector
    }

    struct Usage: Decodable {
        let prompt_tokens: Int
        let total_tokens: Int
    }

    let object: String
    let data: [Element]
    let model: String
    let usage: Usage
}

/// OpenAI's error object.
struct OpenAIError: Decodable, Equatable {
    struct Body: Decodable, Equatable {
        let message: String
        let type: String
        let param: String?
        let code: String?
    }

    let error: Body
}

@Suite("OpenAI's routes", .serialized)
struct OpenAIRouteTests {
    @Test("Vectors are those of /embed, as numbers or in base64, and usage counts prompt and rationale")
    func vectors() async throws {
        try await ServiceFixture.withModel { fixture in
            let expected = try await fixture.embed(#"{"inputs": ["a text", "two"]}"#)
            let explanations = try await fixture.explain(#"{"inputs": ["a text", "two"]}"#)
            let prompt = explanations.reduce(0) { $0 + $1.prompt_tokens }
            for path in ["/v1/embeddings", "/embeddings"] {
                let floats = try await fixture.send(
                    .post, path, #"{"model": "tiny-qwen2", "input": ["a text", "two"], "user": "me", "dimensions": 0}"#
                ).decoded(OpenAIAnswer<[Float]>.self)
                #expect(floats.data.map(\.embedding) == expected)
                #expect(floats.data.map(\.index) == [0, 1])
                #expect(floats.object == "list" && floats.data.allSatisfy { $0.object == "embedding" })
                #expect(floats.model == "tiny-qwen2")
                #expect(floats.usage.prompt_tokens == prompt)
                #expect(
                    floats.usage.total_tokens == explanations.reduce(prompt) { $0 + $1.rationale_tokens })
                let response = await fixture.send(
                    .post, path, #"{"input": ["a text", "two"], "encoding_format": "base64"}"#)
                let encoded = try response.decoded(OpenAIAnswer<String>.self)
                #expect(response.headers["x-grace-cache"] == "hit=2, shared=0, miss=0")
                for (text, vector) in zip(encoded.data.map(\.embedding), expected) {
                    let bytes = try #require(Data(base64Encoded: text))
                    #expect(Array(bytes) == vector.flatMap { littleEndian($0) })
                }
            }
        }
    }

    @Test("Our own fields are read beside OpenAI's")
    func fields() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = #"{"INPUT": "a", "max_rationale_tokens": 2, "dimensions": 16, "normalize": false}"#
            let ours = try await fixture.embed(body.replacing("INPUT", with: "inputs"))
            let answer = try await fixture.send(.post, "/v1/embeddings", body.replacing("INPUT", with: "input"))
                .decoded(OpenAIAnswer<[Float]>.self)
            #expect(answer.data.map(\.embedding) == ours)
        }
    }

    @Test(
        "Refusals have OpenAI's object, with the field and a code where there is one",
        arguments: [
            (#"{"input": ""}"#, 400, "`input` cannot be empty", "input", nil),
            (#"{"input": []}"#, 400, "`input` cannot be empty", "input", nil),
            (#"{"input": ["a", []]}"#, 400, "`input[1]` cannot be empty", "input", nil),
            ("{}", 422, "`input` is missing", "input", nil),
            ("[", 400, "the body is not a JSON document: ", nil, nil),
            (#"{"input": 5}"#, 422, "`input` must be a string or a list of strings, not 5", "input", nil),
            (
                #"{"input": [1, "a"]}"#, 422, "`input[0]` must be a string or a list of tokens, not 1", "input", nil
            ),
            (
                #"{"input": [[1, "a"]]}"#, 422, "`input[0][1]` must be a token, an integer, not the string", "input",
                nil
            ),
            (#"{"input": [5, 100000]}"#, 422, "token 1 of input[0] is 100000, which is none of", "input", nil),
            (#"{"input": ["a", [-1]]}"#, 422, "token 0 of input[1] is -1, which is none of", "input", nil),
            (#"{"input": "a", "dimensions": 49}"#, 422, "`dimensions` is 49, allowed", "dimensions", nil),
            (#"{"input": "a", "encoding_format": "f16"}"#, 422, "`encoding_format` must be", "encoding_format", nil),
            (
                #"{"input": "a", "prompt_name": "q"}"#, 422, "`prompt_name` is \"q\", the checkpoint has no prompts",
                "prompt_name", nil
            ),
            (#"{"input": "a", "model": "gpt"}"#, 404, "no checkpoint 'gpt' is served", "model", "model_not_found"),
        ] as [(String, Int, String, String?, String?)])
    func refusals(body: String, status: Int, message: String, param: String?, code: String?) async throws {
        try await ServiceFixture.withModel { fixture in
            let response = await fixture.send(.post, "/v1/embeddings", body)
            #expect(response.status.code == status)
            let error = try response.openAIError()
            #expect(error.message.hasPrefix(message), "\(error.message)")
            #expect(error.type == "invalid_request_error")
            #expect(error.param == param && error.code == code)
        }
    }

    @Test("A model is found by its name and by an alias, and the list has it")
    func models() async throws {
        try await ServiceFixture.withModel(configure: { $0.routing.aliases = ["ada": "default"] }) { fixture in
            struct Model: Decodable, Equatable {
                let id: String
                let object: String
                let created: Int
                let owned_by: String
            }
            struct List: Decodable {
                let data: [Model]
            }
            let expected = Model(id: "tiny-qwen2", object: "model", created: 0, owned_by: "grace-server")
            let list = try await fixture.send(.get, "/v1/models").decoded(List.self)
            #expect(list.data == [expected])
            for id in ["tiny-qwen2", "tiny%2Dqwen2", "ada", "default"] {
                let model = try await fixture.send(.get, "/v1/models/\(id)").decoded(Model.self)
                #expect(model == expected)
            }
            let unknown = await fixture.send(.get, "/v1/models/gpt")
            #expect(unknown.status == .notFound)
            #expect(try unknown.openAIError().code == "model_not_found")
        }
    }
}

/// The bytes of a float32, the least first.
private func littleEndian(_ value: Float) -> [UInt8] {
    let hexadecimal = Array(repeating: "0", count: 8).joined() + String(value.bitPattern, radix: 16)
    let digits = Array(hexadecimal.suffix(8))
    return stride(from: 6, through: 0, by: -2).compactMap { UInt8(String(digits[$0..<($0 + 2)]), radix: 16) }
}

extension HTTPResponse {
    func openAIError() throws -> OpenAIError.Body {
        #expect(headers["Content-Type"] == "application/json")
        return try JSONDecoder().decode(OpenAIError.self, from: Data(body)).error
    }
}
