import EmbeddingServer
import Engine
import Foundation
import Grace
import HTTP
import Logging
import SystemPackage
import TestSupport
import Testing
import Transformer

/// The application in memory, over a tiny model or over none.
struct ServiceFixture {
    let service: EmbeddingService
    let store: ModelStore
    private let embedder: Embedder?

    /// Runs `body` with the application over tiny-qwen2.
    static func withModel<Result>(
        configure: (inout ServerConfiguration) -> Void = { _ in },
        body: (ServiceFixture) async throws -> Result
    ) async throws -> Result {
        let path = try #require(TestModels.path(ofReference: "tiny-qwen2"))
        let configuration = configuration(configure)
        let embedder = try Embedder(
            model: LoadedModel(path: FilePath(path), precision: configuration.precision),
            limits: configuration.batchLimits, maxInputTokens: configuration.maxInputTokens,
            sharing: SharedGenerations(entryLimit: configuration.cacheEntries))
        defer { embedder.engine.stop() }
        let fixture = ServiceFixture(configuration, embedder)
        fixture.store.enter(.ready(embedder))
        return try await body(fixture)
    }

    /// The application while its model is loading.
    static func loading() -> ServiceFixture {
        ServiceFixture(configuration { _ in }, nil)
    }

    private static func configuration(_ configure: (inout ServerConfiguration) -> Void) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.precision = .float32
        configuration.requestLimits.defaultMaxRationaleTokens = 8
        configure(&configuration)
        return configuration
    }

    private init(_ configuration: ServerConfiguration, _ embedder: Embedder?) {
        self.embedder = embedder
        store = ModelStore(loading: "tiny-qwen2")
        service = EmbeddingService(
            store: store, configuration: configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Sends a request as a connection would: the head first, then all of it.
    func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPFields = ["Content-Type": "application/json"],
        _ body: String = ""
    ) async -> HTTPResponse {
        await send(method, path, headers: headers, Array(body.utf8))
    }

    func send(
        _ method: HTTPMethod, _ path: String, headers: HTTPFields = ["Content-Type": "application/json"],
        _ body: [UInt8]
    ) async -> HTTPResponse {
        let head = HTTPRequestHead(
            method: method, target: path, path: path, headers: headers, framing: .length(body.count))
        if let refusal = service.refuse(head) { return refusal }
        return await service.respond(to: HTTPRequest(head: head, body: body))
    }

    func embed(_ body: String) async throws -> [[Float]] {
        try await send(.post, "/embed", body).decoded([[Float]].self)
    }

    func explain(_ body: String) async throws -> [Explanation] {
        try await send(.post, "/explain", body).decoded([Explanation].self)
    }
}

/// The answer of `/explain`, as a client reads it.
struct Explanation: Decodable, Equatable {
    let rationale: String
    let reasoning: String?
    let understanding: String
    let finish_reason: String
    let prompt_tokens: Int
    let rationale_tokens: Int
    let truncated: Bool
    let seed: UInt64
    let checkpoint: String
    let embedding: [Float]?
}

/// The error object.
struct ErrorAnswer: Decodable, Equatable {
    let error: String
    let error_type: String
}

extension HTTPResponse {
    func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try #require(status == .ok, "\(status): \(String(decoding: body, as: UTF8.self))")
        return try JSONDecoder().decode(type, from: Data(body))
    }

    func errorAnswer() throws -> ErrorAnswer {
        #expect(headers["Content-Type"] == "application/json")
        return try JSONDecoder().decode(ErrorAnswer.self, from: Data(body))
    }
}
