import EmbeddingServer
import Foundation
import HTTP
import Serving
import TestSupport
import Testing

@Suite("text-embeddings-inference's routes beside /embed", .serialized)
struct TextRouteTests {
    struct Token: Decodable, Equatable {
        let id: Int
        let text: String
        let special: Bool
        let start: Int?
        let stop: Int?
    }

    private func tokenize(_ fixture: ServiceFixture, _ body: String) async throws -> [[Token]] {
        try await fixture.send(.post, "/tokenize", body).decoded([[Token]].self)
    }

    @Test("Tokens lie in the text where they say, and are read back as the text", arguments: ["a text", "é🚀", " x\n"])
    func tokens(text: String) async throws {
        try await ServiceFixture.withModel { fixture in
            let json = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
            let bare = try await tokenize(fixture, #"{"inputs": \#(json), "add_special_tokens": false}"#)[0]
            #expect(bare.allSatisfy { !$0.special } && bare.first?.start == 0 && bare.last?.stop == text.utf8.count)
            for (token, next) in zip(bare, bare.dropFirst()) { #expect(token.stop == next.start) }
            let whole = try await tokenize(fixture, #"{"inputs": [\#(json)]}"#)[0]
            #expect(whole.first?.special == true && whole.last?.special == true && whole.last?.start == nil)
            let explanation = try await fixture.explain(#"{"inputs": \#(json), "max_rationale_tokens": 0}"#)[0]
            #expect(whole.count == explanation.prompt_tokens)
            let ids = bare.map { "\($0.id)" }.joined(separator: ",")
            for body in [#"{"ids": [\#(ids)]}"#, #"{"ids": [[\#(ids)]], "skip_special_tokens": false}"#] {
                let decoded = try await fixture.send(.post, "/decode", body).decoded([String].self)
                #expect(decoded == [text])
            }
        }
    }

    @Test("Control tokens are left out of a decoded text unless they are asked for")
    func decoding() async throws {
        try await ServiceFixture.withModel { fixture in
            let whole = try await tokenize(fixture, #"{"inputs": "text"}"#)[0].map { "\($0.id)" }.joined(separator: ",")
            let without = try await fixture.send(.post, "/decode", #"{"ids": [[\#(whole)], []]}"#)
                .decoded([String].self)
            let with = try await fixture.send(.post, "/decode", #"{"ids": [\#(whole)], "skip_special_tokens": false}"#)
                .decoded([String].self)
            #expect(without.count == 2 && without[1].isEmpty)
            #expect(with[0].contains("<|im_end|>") && !without[0].contains("<|im_end|>") && without[0].contains("text"))
        }
    }

    @Test("Token arrays, texts and lists of both give the vectors of their texts")
    func tokenInputs() async throws {
        try await ServiceFixture.withModel { fixture in
            let ids = try await tokenize(fixture, #"{"inputs": "a text", "add_special_tokens": false}"#)[0]
                .map { "\($0.id)" }.joined(separator: ",")
            let expected = try await fixture.embed(#"{"inputs": "a text"}"#)[0]
            let other = try await fixture.embed(#"{"inputs": "other"}"#)[0]
            for (inputs, vectors) in [
                ("[\(ids)]", [expected]), ("[[\(ids)]]", [expected]), ("[[\(ids)], \"other\"]", [expected, other]),
                ("[\"a text\", [\(ids)]]", [expected, expected]),
            ] {
                for path in ["/embed", "/"] {
                    let response = await fixture.send(.post, path, #"{"inputs": \#(inputs)}"#)
                    #expect(try response.decoded([[Float]].self) == vectors)
                    #expect(
                        response.headers["x-grace-cache"]?.contains("miss=") != true
                            || response.headers["x-grace-cache"]?.hasSuffix("miss=0") == true)
                }
            }
        }
    }

    @Test("Similarities are cosines of the vectors, in order")
    func similarity() async throws {
        try await ServiceFixture.withModel { fixture in
            let vectors = try await fixture.embed(
                #"{"inputs": ["one", "two", "one"], "max_rationale_tokens": 2}"#)
            let response = await fixture.send(
                .post, "/similarity",
                #"""
                {"inputs": {"source_sentence": "one", "sentences": ["two", "one"]},
                 "parameters": {"max_rationale_tokens": 2, "truncate": true, "normalize": false}}
                """#)
            let cosines = try response.decoded([Float].self)
            let expected = vectors.dropFirst().map { vector in zip(vectors[0], vector).reduce(0) { $0 + $1.0 * $1.1 } }
            #expect(cosines.count == 2)
            for (found, expected) in zip(cosines, expected) { #expect(abs(found - expected) < 1e-5) }
            #expect(response.headers["x-grace-cache"]?.hasPrefix("hit=") == true)
        }
    }

    @Test("A checkpoint's prompts stand before texts and tokens by their names")
    func prompts() async throws {
        let models = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(models.path)/own")
        try models.write(#"{"version": 1, "prompts": {"query": "Query. "}}"#, to: "own/grace.json")
        try await ServiceFixture.withModel(models: models.path) { fixture in
            _ = try await fixture.store.load("own", activates: false)?.value.get()
            let expected = try await fixture.embed(#"{"inputs": "Query. text", "model": "own"}"#)
            let named = #""model": "own", "prompt_name": "query""#
            let found = try await fixture.embed(#"{"inputs": "text", \#(named)}"#)
            #expect(found == expected)
            let tokens = try await tokenize(fixture, #"{"inputs": "text", "add_special_tokens": false, \#(named)}"#)[0]
            #expect(tokens.map(\.text).joined() == "Query. text")
            let bare = try await tokenize(fixture, #"{"inputs": "text", "add_special_tokens": false}"#)[0]
            let ids = bare.map { "\($0.id)" }.joined(separator: ",")
            let fromTokens = try await fixture.explain(#"{"inputs": [[\#(ids)]], \#(named), "embedding": true}"#)
            #expect(fromTokens[0].embedding?.count == 48)
            let similar = await fixture.send(
                .post, "/similarity",
                #"{"inputs": {"source_sentence": "a", "sentences": ["a"]}, "parameters": {"prompt_name": "query"}, "model": "own"}"#
            )
            #expect(try similar.decoded([Float].self)[0] > 0.999)
            let unknown = await fixture.send(
                .post, "/embed", #"{"inputs": "a", "model": "own", "prompt_name": "document"}"#)
            #expect(unknown.status == .unprocessableContent)
            #expect(
                try unknown.errorAnswer().error
                    == "`prompt_name` is \"document\", the checkpoint has others. Available prompts: [query]")
        }
    }

    @Test(
        "What is wrong is named",
        arguments: [
            ("/tokenize", "{}", 422, "`inputs` is missing"),
            ("/tokenize", #"{"inputs": []}"#, 400, "`inputs` cannot be empty"),
            ("/tokenize", #"{"inputs": [1]}"#, 422, "`inputs[0]` must be a string, not 1"),
            ("/tokenize", #"{"inputs": 1}"#, 422, "`inputs` must be a list of strings, not 1"),
            ("/tokenize", #"{"inputs": "a", "add_special_tokens": 1}"#, 422, "`add_special_tokens` must be true"),
            (
                "/tokenize", #"{"inputs": "a", "prompt_name": "b"}"#, 422,
                "`prompt_name` is \"b\", the checkpoint has no"
            ),
            ("/tokenize", #"{"inputs": "a", "model": "b"}"#, 404, "no checkpoint 'b' is served"),
            ("/tokenize", #"{"inputs": ["a", "a", "a", "a"]}"#, 422, "`inputs` has 4 texts, the limit is 3"),
            ("/decode", "{}", 422, "`ids` is missing"), ("/decode", #"{"ids": []}"#, 400, "`ids` cannot be empty"),
            ("/decode", #"{"ids": "a"}"#, 422, "`ids` must be a list of tokens or a list of such lists"),
            ("/decode", #"{"ids": [[1], [2, 1e9]]}"#, 422, "`ids[1][1]` must be a token, an integer, not"),
            ("/decode", #"{"ids": [[1], [2, -7]]}"#, 422, "token 1 of ids[1] is -7, which is none of"),
            ("/similarity", "{}", 422, "`inputs` is missing"),
            ("/similarity", #"{"inputs": 5}"#, 422, "`inputs` must be an object, not 5"),
            ("/similarity", #"{"inputs": {}}"#, 422, "`inputs.source_sentence` is missing"),
            (
                "/similarity", #"{"inputs": {"source_sentence": "a"}}"#, 422, "`inputs.sentences` is missing"
            ),
            (
                "/similarity", #"{"inputs": {"source_sentence": "a", "sentences": []}}"#, 400,
                "`inputs.sentences` cannot be empty"
            ),
            (
                "/similarity", #"{"inputs": {"source_sentence": "a", "sentences": ["a", "a", "a"]}}"#, 422,
                "`inputs` has 4 texts, the limit is 3"
            ),
            ("/rerank", #"{"query": "a", "texts": ["b"]}"#, 424, "`/rerank` is not there"),
            ("/predict", "{}", 424, "`/predict` is not there"),
            ("/embed_all", #"{"inputs": "a"}"#, 424, "`/embed_all` is not there"),
            ("/embed_sparse", #"{"inputs": "a"}"#, 424, "`/embed_sparse` is not there"),
        ])
    func refusals(path: String, body: String, status: Int, message: String) async throws {
        try await ServiceFixture.withModel(configure: { $0.requestLimits.maxClientBatchSize = 3 }) { fixture in
            let response = await fixture.send(.post, path, body)
            #expect(response.status.code == status)
            let answer = try response.errorAnswer()
            #expect(answer.error.hasPrefix(message), "\(answer.error)")
        }
    }

    @Test("The information has every key of text-embeddings-inference's")
    func information() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = await fixture.send(.get, "/info").body
            let members = try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any])
            for key in [
                "model_id", "model_sha", "model_dtype", "served_model_name", "model_type", "max_concurrent_requests",
                "max_input_length", "max_batch_tokens", "max_batch_requests", "max_client_batch_size", "auto_truncate",
                "tokenization_workers", "version", "sha", "docker_label",
            ] {
                #expect(members[key] != nil, "\(key)")
            }
            let (root, health) = (await fixture.send(.get, "/"), await fixture.send(.get, "/health"))
            #expect(root.body == health.body)
        }
    }
}
