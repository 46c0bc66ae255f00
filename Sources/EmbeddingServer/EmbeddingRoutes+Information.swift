import Engine
import Grace
import HTTP
import JSON
import Serving
import Transformer

/// What the server says of itself and of its checkpoints.
extension EmbeddingRoutes {
    /// 200 while a checkpoint is active.
    func health() -> HTTPResponse {
        guard let model = store.listing.activeModel else { return noModel() }
        return .object { writer in
            writer.member("checkpoint", model.identity.description)
            writer.member("status", "ready")
        }
    }

    /// The active checkpoint, the limits and the queue.
    func info() async -> HTTPResponse {
        do throws(ServiceError) {
            return try await withModel(.preferring(nil)) { embedder throws(ServiceError) in
                .json(information(of: embedder, store.listing))
            }
        } catch {
            return error.response
        }
    }

    private func information(of embedder: Embedder, _ listing: StoreListing) -> Info {
        let model = embedder.model
        let load = embedder.engine.load
        let limits = configuration.requestLimits
        let batch = configuration.batchLimits
        return Info(
            model_id: model.identity.name, served_model_name: model.identity.name,
            model_sha: model.identity.fingerprint,
            model_dtype: model.precision.rawValue,
            max_input_length: min(configuration.maxInputTokens, model.contextLength),
            max_client_batch_size: limits.maxClientBatchSize, max_concurrent_requests: batch.maxRequests,
            max_batch_requests: batch.maxLiveRequests, max_batch_tokens: batch.maxBatchTokens,
            version: graceVersion, checkpoint: model.identity.description,
            checkpoints: listing.served.compactMap { $0.model?.identity.description },
            base: model.baseName,
            compute: model.compute, threads: configuration.threads,
            architecture: model.architecture, context_length: model.contextLength,
            dimensions: model.dimensions,
            default_max_rationale_tokens: model.defaults.maxRationaleTokens
                ?? limits.defaultMaxRationaleTokens,
            max_rationale_tokens: limits.maxRationaleTokens,
            system_prompt: model.promptBuilder.systemPrompt,
            queue: Info.Queue(live: load.live, waiting: load.waiting))
    }

    /// KServe's inference protocol, version 2: 200 while the checkpoint answers, 503 while it is only known.
    func readiness(_ name: String?) -> HTTPResponse {
        guard let name else { return noModel() }
        guard let checkpoint = store.listing.checkpoints.first(where: { $0.name == name }) else {
            return ServiceError(
                StoreError.unknown(name: name, available: store.listing.checkpoints.map(\.name))
            ).response
        }
        guard checkpoint.state == .ready || checkpoint.state == .active else {
            return ServiceError.unhealthy("the checkpoint \(name) is \(checkpoint.state.name)").response
        }
        return .json(Readiness(name: name))
    }

    private func noModel() -> HTTPResponse {
        ServiceError.unhealthy(store.whyNothingIsActive).response
    }
}
