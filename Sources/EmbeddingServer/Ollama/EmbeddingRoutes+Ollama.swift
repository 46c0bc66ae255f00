import Grace
import HTTP
import JSON
import Serving
import Transformer

/// Ollama's interface, as far as its clients need it to embed.
extension EmbeddingRoutes {
    func addOllamaRoutes(to router: inout Router) {
        addPost("/api/embed", to: &router) { request in await ollamaEmbed(request) }
        addPost("/api/embeddings", to: &router) { request in await ollamaPrompt(request) }
        addPost("/api/show", to: &router) { request in await ollamaModel(request) }
        router.add(.get, "/api/tags") { _ in ollamaModels() }
        router.add(.get, "/api/version") { _ in
            .object { writer in
                writer.member("version", graceVersion)
            }
        }
    }

    /// Texts to vectors. A client that sends none has the model loaded, which it is.
    private func ollamaEmbed(_ request: HTTPRequest) async -> HTTPResponse {
        let start = ContinuousClock.now
        return await answering(request) { () throws(ServiceError) in
            let fields = try RequestFields(parsing: request.body)
            let name = try fields.string("model")
            let model = name.map(Self.checkpointName)
            let inputs = try RequestInputs(fields.value("input") ?? .array([]), field: "input")
            let embedRequest = try EmbedRequest(fields, inputs: inputs, model: model, zeroDimensions: true)
            _ = try fields.object("options")
            guard !inputs.isNothing else {
                let selection = configuration.routing.selection(model: model, texts: [])
                return try await withModel(selection) { embedder async throws(ServiceError) in
                    let model = embedder.model
                    _ = try ValidatedRequest(
                        embedRequest, limits: configuration.requestLimits, model: model, allowsNothing: true)
                    return Self.ollamaAnswer(name ?? model.identity.name, work: nil, start: start)
                }
            }
            return try await withWork(embedRequest) { work in
                let answer = Self.ollamaAnswer(name ?? work.model.identity.name, work: work, start: start)
                return work.response(body: answer.body, start: start)
            }
        }
    }

    private static func ollamaAnswer(
        _ model: String, work: Work?, start: ContinuousClock.Instant
    ) -> HTTPResponse {
        .object { writer in
            writer.member("model", model)
            writer.key("embeddings")
            writer.array { writer in
                for vector in work?.vectors ?? [] { writer.numbers(vector) }
            }
            writer.member("total_duration", (ContinuousClock.now - start).nanoseconds)
            // It is loaded before it is asked for.
            writer.member("load_duration", 0)
            writer.member("prompt_eval_count", work?.promptTokenCount ?? 0)
        }
    }

    /// The older route: one text to one vector.
    private func ollamaPrompt(_ request: HTTPRequest) async -> HTTPResponse {
        await embed(request) { fields throws(ServiceError) in
            guard let text = try fields.string("prompt") else { throw .invalid("`prompt` is missing", field: "prompt") }
            _ = try fields.object("options")
            let request = try EmbedRequest(
                fields, inputs: RequestInputs(.string(text), field: "prompt"),
                model: fields.string("model").map(Self.checkpointName))
            return (request, ())
        } body: { work, _ in
            HTTPResponse.object { writer in
                writer.member("embedding", work.vectors[0])
            }.body
        }
    }

    private func ollamaModels() -> HTTPResponse {
        .object { writer in
            writer.key("models")
            writer.array { writer in
                for checkpoint in store.listing.served {
                    guard let model = checkpoint.model else { continue }
                    writer.object { writer in
                        for key in ["name", "model"] {
                            writer.member(key, checkpoint.name + Self.tag)
                        }
                        // A checkpoint's files do not tell when it was made.
                        writer.member("modified_at", "1970-01-01T00:00:00Z")
                        writer.member("size", checkpoint.memory ?? 0)
                        writer.member("digest", model.identity.fingerprint)
                        writer.ollamaDetails(of: model)
                    }
                }
            }
        }
    }

    private func ollamaModel(_ request: HTTPRequest) async -> HTTPResponse {
        await answering(request) { () throws(ServiceError) in
            let fields = try RequestFields(parsing: request.body)
            // Clients of other versions call it `name`.
            let names = [try fields.string("model"), try fields.string("name")]
            guard let name = names.compactMap({ $0 }).first else {
                throw .invalid("`model` is missing", field: "model")
            }
            let selection = configuration.routing.selection(model: Self.checkpointName(name), texts: [])
            return try await withModel(selection) { embedder async throws(ServiceError) in
                let model = embedder.model
                return .object { writer in
                    writer.ollamaDetails(of: model)
                    writer.key("model_info")
                    writer.object { writer in
                        writer.member("general.architecture", model.architecture)
                        writer.member("\(model.architecture).context_length", model.contextLength)
                        writer.member("\(model.architecture).embedding_length", model.dimensions)
                    }
                    writer.key("capabilities")
                    writer.array { $0.string("embedding") }
                }
            }
        }
    }

    private static let tag = ":latest"

    /// Ollama's clients put a tag behind a name that has none.
    private static func checkpointName(_ name: String) -> String {
        name.hasSuffix(tag) ? String(name.dropLast(tag.count)) : name
    }
}

extension JSONWriter {
    /// The member `details` of a model.
    fileprivate mutating func ollamaDetails(of model: LoadedModel) {
        key("details")
        object { writer in
            for (key, value) in [
                ("parent_model", model.baseName ?? ""), ("format", "grace"), ("family", model.architecture),
                ("parameter_size", ""), ("quantization_level", model.precision.rawValue),
            ] {
                writer.member(key, value)
            }
            writer.key("families")
            writer.array { $0.string(model.architecture) }
        }
    }
}

extension Duration {
    /// Whole nanoseconds, rounded down.
    fileprivate var nanoseconds: Int { Int(self / .nanoseconds(1)) }
}
