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
        var router = Router { error in .error(error) }
        router.add(.get, "/health", atOnce: { _ in health() })
        router.add(.get, "/info") { _ in await info() }
        router.add(.get, "/v1/models") { _ in models() }
        router.add(.get, "/v2/health/live") { _ in .json(Liveness()) }
        router.add(.get, "/v2/health/ready") { _ in readiness(store.listing.active) }
        router.add(.get, "/v2/models/{name}/ready") { request in readiness(request.head.pathSegment(2) ?? "") }
        router.add(.post, "/embed", refuse: { $0.refusalUnlessJSON() }) { request in
            await embed(request) { work in encodeVectors(work.vectors) }
        }
        router.add(.post, "/explain", refuse: { $0.refusalUnlessJSON() }) { request in
            await embed(request) { work in HTTPResponse.json(work.explanations).body }
        }
        return router
    }

    // MARK: - /embed and /explain

    /// Texts embedded, and what was asked for.
    private struct Work {
        let request: ValidatedRequest
        let embeddings: [Embedding]
        let model: LoadedModel

        var vectors: [[Float]] { embeddings.map { request.output($0.vector) } }

        var explanations: [Explanation] {
            embeddings.map { embedding in
                Explanation(
                    embedding: embedding, checkpoint: model.identity,
                    vector: request.withEmbedding ? request.output(embedding.vector) : nil)
            }
        }
    }

    private func embed(_ request: HTTPRequest, body: (Work) -> [UInt8]) async -> HTTPResponse {
        let start = ContinuousClock.now
        do throws(ServiceError) {
            let embedRequest = try EmbedRequest(parsing: request.body)
            let selection = configuration.routing.selection(
                model: embedRequest.model, texts: embedRequest.inputs.texts)
            return try await withModel(selection) { embedder async throws(ServiceError) in
                response(to: try await work(embedRequest, embedder), start: start, body: body)
            }
        } catch {
            return error.response
        }
    }

    private func work(_ request: EmbedRequest, _ embedder: Embedder) async throws(ServiceError) -> Work {
        let request = try ValidatedRequest(request, limits: configuration.requestLimits, model: embedder.model)
        do throws(GraceError) {
            return Work(
                request: request, embeddings: try await embedder.embed(request.texts, settings: request.settings),
                model: embedder.model)
        } catch {
            throw ServiceError(error)
        }
    }

    private func response(
        to work: Work, start: ContinuousClock.Instant, body: (Work) -> [UInt8]
    ) -> HTTPResponse {
        var response = HTTPResponse(json: body(work))
        response.headers.append("x-grace-checkpoint", work.model.identity.description)
        response.headers.append("x-grace-compute", work.model.compute)
        response.headers.append("x-grace-cache", cacheHeader(of: work.embeddings.map(\.source)))
        for (name, value) in metrics(of: work, totalTime: .now - start) {
            response.headers.append(name, "\(value)")
        }
        return response
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

    /// Counts, and times in milliseconds; of several texts the longest time.
    private func metrics(of work: Work, totalTime: Duration) -> [(String, Int)] {
        let rationaleTokens = work.embeddings.reduce(0) { $0 + $1.rationaleTokens.count }
        let promptTokens = work.embeddings.reduce(0) { $0 + $1.promptTokenCount }
        let draftedTokens = work.embeddings.reduce(0) { $0 + $1.draftedTokenCount }
        let acceptedTokens = work.embeddings.reduce(0) { $0 + $1.acceptedTokenCount }
        func longest(_ time: (Embedding) -> Duration) -> Int {
            work.embeddings.map(time).max()?.milliseconds ?? 0
        }
        return [
            ("x-compute-tokens", promptTokens + rationaleTokens),
            ("x-rationale-tokens", rationaleTokens),
            ("x-drafted-tokens", draftedTokens),
            ("x-accepted-tokens", acceptedTokens),
            ("x-total-time", totalTime.milliseconds),
            ("x-queue-time", longest(\.queueTime)),
            ("x-inference-time", longest(\.inferenceTime)),
        ]
    }

    /// Of one text its source; of several how many have each, in an order of their own.
    private func cacheHeader(of sources: [ResultSource]) -> String {
        if sources.count == 1 { return sources[0].rawValue }
        return ResultSource.allCases.map { source in
            "\(source.rawValue)=\(sources.count { $0 == source })"
        }.joined(separator: ", ")
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}
