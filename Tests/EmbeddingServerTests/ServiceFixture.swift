import EmbeddingServer
import Engine
import Foundation
import Grace
import HTTP
import Logging
import Serving
import SystemPackage
import TestSupport
import Testing
import Transformer

/// The application in memory, over a tiny model or over none.
struct ServiceFixture {
    let application: LoggedApplication
    let admin: LoggedApplication
    let store: ModelStore

    /// Runs `body` with the application over tiny-qwen2.
    static func withModel<Result>(
        models: String = "/nonexistent", configure: (inout ServerConfiguration) -> Void = { _ in },
        keys: ReloadingKeys? = nil, clientKeys: ReloadingKeys? = nil, logger: Logger = ServiceFixture.silentLogger,
        body: (ServiceFixture) async throws -> Result
    ) async throws -> Result {
        let path = try #require(TestModels.path(ofReference: "tiny-qwen2"))
        let fixture = without(
            models: models, configure: configure, keys: keys, clientKeys: clientKeys, logger: logger)
        try await fixture.store.start(path)
        do {
            let result = try await body(fixture)
            await fixture.store.endAll()
            return result
        } catch {
            await fixture.store.endAll()
            throw error
        }
    }

    /// The application before any model is loaded.
    static func without(
        models: String = "/nonexistent", configure: (inout ServerConfiguration) -> Void = { _ in },
        keys: ReloadingKeys? = nil, clientKeys: ReloadingKeys? = nil,
        logger: Logger = ServiceFixture.silentLogger, metrics: ServerMetrics = ServerMetrics()
    ) -> ServiceFixture {
        var configuration = ServerConfiguration()
        configuration.models = ModelDirectory(path: FilePath(models))
        configuration.precision = .float32
        configuration.requestLimits.defaultMaxRationaleTokens = 8
        configure(&configuration)
        return ServiceFixture(configuration, keys, clientKeys, logger, metrics)
    }

    static let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private init(
        _ configuration: ServerConfiguration, _ keys: ReloadingKeys?, _ clientKeys: ReloadingKeys?, _ logger: Logger,
        _ metrics: ServerMetrics
    ) {
        var loader = configuration.modelLoader
        metrics.observe(&loader, logger: logger, logsTexts: configuration.logsTexts)
        store = ModelStore(
            directory: configuration.models, loader: loader, memoryLimit: configuration.memoryLimit
        ) { metrics.checkpoints.record($0) }
        metrics.add(store)
        application = LoggedApplication(
            store: store, configuration: configuration, keys: clientKeys, logger: logger, metrics: metrics)
        admin = LoggedApplication(
            administering: store, routing: configuration.routing, keys: keys, logger: logger, metrics: metrics)
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
        if let refusal = application.refuse(head) { return refusal }
        let request = HTTPRequest(head: head, body: body)
        if let answer = application.respondAtOnce(to: request) { return answer }
        return await application.respond(to: request)
    }

    /// The same on the operator's listener.
    func administer(
        _ method: HTTPMethod, _ path: String, query: String? = nil,
        headers: HTTPFields = ["Content-Type": "application/json"], _ body: String = ""
    ) async -> HTTPResponse {
        let head = HTTPRequestHead(
            method: method, target: path, path: path, query: query, headers: headers,
            framing: .length(body.utf8.count))
        if let refusal = admin.refuse(head) { return refusal }
        return await admin.respond(to: HTTPRequest(head: head, body: Array(body.utf8)))
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
    let trace: [Float]?
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
