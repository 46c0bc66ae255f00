import Engine
import Grace
import HTTP
import Serving
import Transformer

/// What the routes answer, apart from how they are reached.
struct EmbeddingRoutes: Sendable {
    let store: ModelStore
    let configuration: ServerConfiguration

    /// The routes by method and path.
    func router() -> Router {
        var router = Router { error, head in .error(error, of: head) }
        router.addAtOnce(.get, "/health") { _ in health() }
        router.add(.get, "/info") { _ in await info() }
        router.add(.get, "/v2/health/live") { _ in .json(Liveness()) }
        router.add(.get, "/v2/health/ready") { _ in readiness(store.listing.active) }
        router.add(.get, "/v2/models/{name}/ready") { request in readiness(request.head.pathSegment(2) ?? "") }
        for path in ["/embed", "/"] {
            addEmbedding(path, to: &router) { fields throws(ServiceError) in
                let request = try EmbedRequest(fields)
                guard !request.traces else {
                    throw .invalid("`trace` is answered by `/explain`, and vectors with `embedding`", field: "trace")
                }
                return (request, ())
            } body: { work, _ in
                encodeVectors(work.vectors)
            }
        }
        addPost("/explain", to: &router) { request in await explain(request) }
        addPost("/explain/similarity", to: &router) { request in await explainSimilarity(request) }
        addTextRoutes(to: &router)
        addOpenAIRoutes(to: &router)
        addOllamaRoutes(to: &router)
        addDocumentationRoutes(to: &router)
        addInterfaceRoutes(to: &router)
        return router
    }

    /// A route that reads JSON.
    func addPost(_ path: String, to router: inout Router, respond: @escaping Router.Handler) {
        router.add(.post, path, refuse: refusal, respond: respond)
    }

    /// Of what a route that reads JSON takes no body of.
    var refusal: Router.Refusal {
        let limit = configuration.httpLimits.maxBodySize
        return { $0.refusalUnlessJSON() ?? $0.refusalOfLength(limit: limit) }
    }

    /// Embeds what a request asks for.
    ///
    /// - Parameters:
    ///   - read: the request, in a dialect, and what its answer depends on.
    ///   - body: writes the answer.
    func embed<Form>(
        _ request: HTTPRequest, reading read: (RequestFields) throws(ServiceError) -> (EmbedRequest, Form),
        body: (Work, Form) -> [UInt8]
    ) async -> HTTPResponse {
        let start = ContinuousClock.now
        return await answering(request) { () throws(ServiceError) in
            let (embedRequest, form) = try read(RequestFields(parsing: request.body))
            return try await withWork(embedRequest) { work in
                work.response(body: body(work, form), start: start)
            }
        }
    }

    /// Embeds with the checkpoint that the request wants: what all dialects have in common.
    ///
    /// - Parameter progress: told of the rationales while they are written.
    /// - Throws: `ServiceError`
    func withWork(
        _ request: EmbedRequest, progress: ((LoadedModel) -> GenerationProgress)? = nil,
        _ answer: (Work) -> HTTPResponse
    ) async throws(ServiceError) -> HTTPResponse {
        let selection = configuration.routing.selection(model: request.model, texts: request.inputs.trialTexts)
        return try await withModel(selection) { embedder async throws(ServiceError) in
            answer(try await work(request, embedder, progress?(embedder.model)))
        }
    }

    /// The answer, or the error in the shape of the request's dialect.
    func answering(
        _ request: HTTPRequest, _ answer: () async throws(ServiceError) -> HTTPResponse
    ) async -> HTTPResponse {
        do throws(ServiceError) {
            return try await answer()
        } catch {
            return error.response(to: request.head)
        }
    }

    private func work(
        _ request: EmbedRequest, _ embedder: Embedder, _ progress: GenerationProgress?
    ) async throws(ServiceError) -> Work {
        let validated = try ValidatedRequest(request, limits: configuration.requestLimits, model: embedder.model)
        do throws(GraceError) {
            return Work(
                request: validated,
                embeddings: try await embedder.embed(
                    validated.inputs, settings: validated.settings, progress: progress),
                model: embedder.model)
        } catch {
            throw ServiceError(error, inputs: request.inputs.field)
        }
    }

    /// Answers with the checkpoint that a request wants.
    ///
    /// - Throws: `ServiceError`, the store's and that of `body`.
    func withModel<Value: Sendable>(
        _ selection: CheckpointSelection, _ body: (Embedder) async throws(ServiceError) -> Value
    ) async throws(ServiceError) -> Value {
        let result: Result<Value, ServiceError>
        do throws(StoreError) {
            result = try await store.withModel(selection) { embedder in
                do throws(ServiceError) {
                    return .success(try await body(embedder))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            throw ServiceError(error)
        }
        return try result.get()
    }
}
