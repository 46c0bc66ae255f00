import Confinement
import Dispatch
import Engine
import Grace
import Transformer

/// Embeds with a model in this process, as the server does.
package struct ModelEmbedder: TextEmbedder {
    private let embedder: Embedder
    package let identity: EmbedderIdentity

    /// More than are live at once, so that one is ready whenever one ends.
    package let concurrency = 96

    /// Starts an engine for the model; it must be stopped.
    ///
    /// - Parameter threads: that compute.
    /// - Throws: `EvaluationError.model`
    package init(_ model: LoadedModel, threads: Int) throws(EvaluationError) {
        do throws(GraceError) {
            embedder = try Embedder(
                model: model,
                limits: .init(maxLiveRequests: 64, maxBatchTokens: 32_768, maxStepTokens: 256, maxRequests: 1024),
                maxInputTokens: GraceSettings.publishedMaxInputTokens, workers: threads, speculation: Speculation())
        } catch {
            throw .model(error)
        }
        identity = EmbedderIdentity(
            name: model.identity.name, fingerprint: model.identity.fingerprint, compute: model.compute)
    }

    package func embed(_ text: String, as settings: RationaleSettings) async throws(EvaluationError) -> EmbeddedText {
        var embeddingSettings = EmbeddingSettings(
            maxRationaleTokens: settings.maxRationaleTokens, temperature: Float(settings.temperature),
            seed: settings.seed)
        embeddingSettings.stableBelow = settings.stopWhenStable
        let embedding: Embedding
        do throws(GraceError) {
            embedding = try await embedder.embed([text], settings: embeddingSettings)[0]
        } catch {
            throw .text(text, error)
        }
        return EmbeddedText(
            vector: embedding.vector, rationale: embedding.rationale.text,
            rationaleTokens: embedding.rationaleTokens.count,
            isCutOff: settings.maxRationaleTokens > 0 && embedding.finishReason == .length,
            isTruncated: embedding.isTruncated)
    }

    /// Ends the engine. It blocks until the engine's thread has ended.
    package func stop() async {
        let engine = embedder.engine
        await runBlocking(on: DispatchQueue(label: "ending")) { engine.stop() }
    }
}
