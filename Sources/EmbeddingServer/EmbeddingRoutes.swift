import Engine
import Foundation
import Grace
import HTTP
import Transformer

/// What the routes answer, apart from how they are reached.
struct EmbeddingRoutes: Sendable {
    let store: ModelStore
    let configuration: ServerConfiguration

    /// The routes by method and path.
    func router() -> Router {
        var router = Router { error in .error(error) }
        router.add(.get, "/health") { _ in health() }
        router.add(.get, "/info") { _ in info() }
        router.add(.post, "/embed", refuse: refuseUnlessJSON) { request in
            await embed(request) { work in encodeVectors(work.vectors) }
        }
        router.add(.post, "/explain", refuse: refuseUnlessJSON) { request in
            await embed(request) { work in HTTPResponse.json(work.explanations).body }
        }
        return router
    }

    /// Before the body is read: only JSON, and as it is.
    private func refuseUnlessJSON(_ head: HTTPRequestHead) -> HTTPResponse? {
        // RFC 9110, section 8.3: the type, without its parameters and without regard to case.
        let type = head.headers["content-type"]
        let essence = type?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
        guard essence == "application/json" else { return ServiceError.unsupportedMediaType(found: type).response }
        // RFC 9110, section 15.5.16: a content coding that is not understood is 415 as well.
        if let coding = head.headers["content-encoding"], coding.lowercased() != "identity" {
            return ServiceError.unsupportedContentCoding(coding).response
        }
        return nil
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
            let embedder = try readyEmbedder()
            let validated = try ValidatedRequest(
                EmbedRequest(parsing: request.body), limits: configuration.requestLimits,
                channels: embedder.model.dimensions)
            let work = Work(
                request: validated, embeddings: try await embed(validated, with: embedder),
                model: embedder.model)
            var response = HTTPResponse(json: body(work))
            response.headers.append("x-grace-checkpoint", work.model.identity.description)
            response.headers.append("x-grace-compute", work.model.compute)
            response.headers.append("x-grace-cache", cacheHeader(of: work.embeddings.map(\.source)))
            for (name, value) in metrics(of: work, totalTime: .now - start) {
                response.headers.append(name, "\(value)")
            }
            return response
        } catch {
            return error.response
        }
    }

    private func embed(
        _ request: ValidatedRequest, with embedder: Embedder
    ) async throws(ServiceError) -> [Embedding] {
        do throws(GraceError) {
            return try await embedder.embed(request.texts, settings: request.settings)
        } catch {
            throw ServiceError(error)
        }
    }

    private func readyEmbedder() throws(ServiceError) -> Embedder {
        switch store.embedder() {
        case .success(let embedder): return embedder
        case .failure(let unavailable): throw .unhealthy(unavailable.reason)
        }
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

    // MARK: - /health and /info

    private func health() -> HTTPResponse {
        do throws(ServiceError) {
            return .json(Health(checkpoint: try readyEmbedder().model.identity.description))
        } catch {
            return error.response
        }
    }

    private func info() -> HTTPResponse {
        do throws(ServiceError) {
            let embedder = try readyEmbedder()
            let model = embedder.model
            let load = embedder.engine.load
            let limits = configuration.requestLimits
            let batch = configuration.batchLimits
            return .json(
                Info(
                    model_id: model.identity.name, model_sha: model.identity.fingerprint,
                    model_dtype: model.precision.rawValue,
                    max_input_length: min(configuration.maxInputTokens, model.contextLength),
                    max_client_batch_size: limits.maxClientBatchSize, max_concurrent_requests: batch.maxRequests,
                    max_batch_requests: batch.maxLiveRequests, max_batch_tokens: batch.maxBatchTokens,
                    version: graceVersion, checkpoint: model.identity.description,
                    compute: model.compute, threads: configuration.threads,
                    architecture: model.architecture, context_length: model.contextLength,
                    dimensions: model.dimensions, default_max_rationale_tokens: limits.defaultMaxRationaleTokens,
                    max_rationale_tokens: limits.maxRationaleTokens,
                    system_prompt: model.promptBuilder.systemPrompt,
                    queue: Info.Queue(live: load.live, waiting: load.waiting)))
        } catch {
            return error.response
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}
