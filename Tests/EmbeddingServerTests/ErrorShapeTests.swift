import EmbeddingServer
import Engine
import Foundation
import HTTP
import TestSupport
import Testing

@Suite("Error shapes", .serialized)
struct ErrorShapeTests {
    private struct OllamaError: Decodable {
        let error: String
    }

    /// The message, from the only shape that the path's clients read.
    private func message(_ response: HTTPResponse, of path: String) throws -> String {
        switch ErrorShape(path: path) {
        case .embeddings: return try response.errorAnswer().error
        case .openAI: return try response.openAIError().message
        case .ollama:
            let members = try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any]
            #expect(members?.keys.sorted() == ["error"])
            return try JSONDecoder().decode(OllamaError.self, from: Data(response.body)).error
        }
    }

    static let posts = ["/embed", "/", "/v1/embeddings", "/embeddings", "/api/embed", "/api/embeddings", "/tokenize"]

    @Test("What a path's dialect is, is known of every path")
    func paths() {
        for (path, shape) in [
            ("/embed", ErrorShape.embeddings), ("/", .embeddings), ("/nowhere", .embeddings), ("/v1", .embeddings),
            ("/v1/", .openAI), ("/v1/embeddings", .openAI), ("/v1/chat/completions", .openAI),
            ("/embeddings", .openAI), ("/api/embed", .ollama), ("/api/generate", .ollama),
            ("/v2/health/live", .embeddings),
        ] {
            #expect(ErrorShape(path: path) == shape, "\(path)")
        }
    }

    @Test("Router, media type and length refuse in the shape of the path", arguments: posts)
    func refusedHeads(path: String) async throws {
        let fixture = ServiceFixture.without { $0.httpLimits.maxBodySize = 10 }
        func refusal(_ framing: BodyFraming, _ headers: HTTPFields) -> HTTPResponse? {
            fixture.application.refuse(
                HTTPRequestHead(method: .post, target: path, path: path, headers: headers, framing: framing))
        }
        let json: HTTPFields = ["Content-Type": "application/json"]
        let vectors: [(HTTPResponse?, HTTPStatus, String)] = [
            (refusal(.length(11), json), .contentTooLarge, "body of 11 bytes is larger than 10 bytes"),
            (refusal(.none, json), .lengthRequired, "POST needs Content-Length"),
            (refusal(.length(5), [:]), .unsupportedMediaType, "the body must be sent with Content-Type"),
            (
                refusal(.length(5), ["Content-Type": "application/json", "Content-Encoding": "br"]),
                .unsupportedMediaType, "the body must be sent as it is"
            ),
            (await fixture.send(.delete, path), .methodNotAllowed, "DELETE is not allowed at"),
            (await fixture.send(.get, path + "x"), .notFound, "there is nothing at"),
        ]
        for (response, status, text) in vectors {
            let response = try #require(response)
            #expect(response.status == status)
            let shape = status == .notFound ? path + "x" : path
            #expect(try message(response, of: shape).hasPrefix(text))
        }
        #expect(refusal(.length(10), json) == nil)
    }

    @Test("Without a model, and with a full queue, the shape is that of the path, too", arguments: posts.dropLast())
    func service(path: String) async throws {
        let field = path.hasPrefix("/api/embeddings") ? "prompt" : path == "/embed" || path == "/" ? "inputs" : "input"
        let body = #"{"\#(field)": "a"}"#
        let missing = await ServiceFixture.without().send(.post, path, body)
        #expect(missing.status == .serviceUnavailable && missing.headers["Retry-After"] == "1")
        #expect(try message(missing, of: path) == "no model is loaded")
        guard path != "/api/embeddings" else { return }
        // One is what a checkpoint is tried with.
        let limits = BatchScheduler.Limits(maxLiveRequests: 1, maxBatchTokens: 4096, maxStepTokens: 64, maxRequests: 1)
        try await ServiceFixture.withModel(configure: { $0.batchLimits = limits }) { fixture in
            let full = await fixture.send(.post, path, #"{"\#(field)": ["a", "b"]}"#)
            #expect(full.status == .tooManyRequests && full.headers["Retry-After"] == "1")
            let text = try message(full, of: path)
            #expect(text.hasPrefix("the queue is full"))
        }
    }

    @Test("A missing key is told in every shape")
    func unauthorized() throws {
        let error = ServiceError.unauthorized
        #expect(try error.response(in: .embeddings).errorAnswer().error_type == "Unauthorized")
        let openAI = try error.response(in: .openAI).openAIError()
        #expect(openAI.type == "authentication_error" && openAI.code == "invalid_api_key")
        #expect(try message(error.response(in: .ollama), of: "/api/embed").hasPrefix("expected a key"))
        for shape in [ErrorShape.embeddings, .openAI, .ollama] {
            #expect(error.response(in: shape).headers["WWW-Authenticate"] == "Bearer")
        }
    }
}
