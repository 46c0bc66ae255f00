import Grace
import HTTP
import Serving

/// Routes whose answer may be there already.
extension EmbeddingRoutes {
    /// The longest body that is looked at on a connection's queue, in bytes.
    private static let shortBody = 2048

    /// A route that embeds: short texts whose results are kept are answered on the connection's queue, where a task would
    /// take longer than the answer.
    ///
    /// - Parameters:
    ///   - read: the request, in a dialect, and what its answer depends on.
    ///   - body: writes the answer.
    func addEmbedding<Form>(
        _ path: String, to router: inout Router,
        reading read: @escaping @Sendable (RequestFields) throws(ServiceError) -> (EmbedRequest, Form),
        body: @escaping @Sendable (Work, Form) -> [UInt8]
    ) {
        router.add(
            .post, path, refuse: refusal,
            respondAtOnce: { request in answerKept(request, reading: read, body: body) },
            respond: { request in await embed(request, reading: read, body: body) })
    }

    /// nil for whatever is not there already, errors too: they have their own way.
    private func answerKept<Form>(
        _ request: HTTPRequest, reading read: (RequestFields) throws(ServiceError) -> (EmbedRequest, Form),
        body: (Work, Form) -> [UInt8]
    ) -> HTTPResponse? {
        guard request.body.count <= Self.shortBody else { return nil }
        let start = ContinuousClock.now
        do {
            let (asked, form) = try read(RequestFields(parsing: request.body))
            guard asked.inputs.values.count == 1 else { return nil }
            let selection = configuration.routing.selection(model: asked.model, texts: asked.inputs.trialTexts)
            return try store.withModelAtOnce(selection) { embedder in
                keptWork(asked, embedder).map { $0.response(body: body($0, form), start: start) }
            }
        } catch {
            return nil
        }
    }

    private func keptWork(_ asked: EmbedRequest, _ embedder: Embedder) -> Work? {
        do throws(ServiceError) {
            let request = try ValidatedRequest(asked, limits: configuration.requestLimits, model: embedder.model)
            guard let embedding = embedder.kept(request.inputs[0], settings: request.settings) else { return nil }
            return Work(request: request, embeddings: [embedding], model: embedder.model)
        } catch {
            return nil
        }
    }
}
