import Grace
import HTTP
import Serving

/// `/explain/similarity`: why texts are close.
extension EmbeddingRoutes {
    func explainSimilarity(_ request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        return await answering(request) { () throws(ServiceError) in
            var asked = try ComparisonRequest(parsing: request.body)
            asked.embed.isInteractive = isInteractive(asked.embed)
            guard asked.embed.streams else { return try await comparison(asked, start) }
            return await stream(asked, start).response()
        }
    }

    private func stream(_ asked: ComparisonRequest, _ start: ContinuousClock.Instant) -> RationaleStream {
        RationaleStream { reporter async throws(ServiceError) in
            try await comparison(asked, start) { reporter.progress(of: $0) }.body
        }
    }

    private func comparison(
        _ asked: ComparisonRequest, _ start: ContinuousClock.Instant,
        progress: ((LoadedModel) -> GenerationProgress)? = nil
    ) async throws(ServiceError) -> HTTPResponse {
        let request = asked.embed
        let selection = configuration.routing.selection(model: request.model, texts: request.inputs.trialTexts)
        return try await withModel(selection) { embedder async throws(ServiceError) in
            let model = embedder.model
            let validated = try ValidatedRequest(request, limits: configuration.requestLimits, model: model)
            let settings = ComparisonSettings(
                granularity: asked.granularity, contributionCount: asked.contributionCount,
                dimensions: validated.form.dimensions, promptName: request.promptName)
            do throws(GraceError) {
                let comparison = try await embedder.compare(
                    validated.inputs, settings: validated.settings, settings, progress: progress?(model))
                let work = Work(request: validated, embeddings: comparison.embeddings, model: model)
                let answer = ComparisonAnswer(comparison: comparison, work: work, asked: asked)
                return work.response(body: answer.body, start: start)
            } catch {
                throw ServiceError(error, inputs: request.inputs.field)
            }
        }
    }
}
