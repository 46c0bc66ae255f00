import Grace
import HTTP

/// `/explain`: the rationales behind the vectors.
extension EmbeddingRoutes {
    /// The most texts of a request that is served before others: more than a person reads at a time is bulk.
    private static let mostInteractiveTexts = 4

    func explain(_ request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        return await answering(request) { () throws(ServiceError) in
            var asked = try EmbedRequest(parsing: request.body)
            asked.isInteractive = isInteractive(asked)
            if asked.streams { return await stream(asked, start).response() }
            return try await withWork(asked) { work in explanation(work, start) }
        }
    }

    /// Whether somebody waits to read the rationales.
    func isInteractive(_ asked: EmbedRequest) -> Bool { asked.inputs.values.count <= Self.mostInteractiveTexts }

    private func explanation(_ work: Work, _ start: ContinuousClock.Instant) -> HTTPResponse {
        work.response(body: work.explanations, start: start)
    }

    private func stream(_ asked: EmbedRequest, _ start: ContinuousClock.Instant) -> RationaleStream {
        RationaleStream { reporter async throws(ServiceError) in
            try await withWork(asked) {
                reporter.progress(of: $0)
            } _: { work in
                explanation(work, start)
            }.body
        }
    }
}

extension RationaleStream.Reporter {
    /// Tells of what a model writes.
    func progress(of model: LoadedModel) -> GenerationProgress {
        GenerationProgress {
            accept(
                model.tokenizer,
                ["x-grace-checkpoint": model.identity.description, "x-grace-compute": model.compute])
        } wrote: { tokens, index in
            write(tokens, index)
        }
    }
}
