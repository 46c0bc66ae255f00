import Grace
import HTTP
import JSON
import Serving

/// OpenAI's interface of embeddings and models.
extension EmbeddingRoutes {
    func addOpenAIRoutes(to router: inout Router) {
        // text-embeddings-inference has the route without a version too.
        for path in ["/v1/embeddings", "/embeddings"] {
            addEmbedding(path, to: &router) { fields throws(ServiceError) in
                let request = try EmbedRequest(
                    fields, inputs: RequestInputs(fields.value("input"), field: "input"),
                    model: fields.string("model"), zeroDimensions: true)
                return (request, try EncodingFormat(fields.string("encoding_format")))
            } body: { work, format in
                Self.openAIBody(work, format)
            }
        }
        router.add(.get, "/v1/models") { _ in models() }
        router.add(.get, "/v1/models/{id}") { request in model(request) }
    }

    private static func openAIBody(_ work: Work, _ format: EncodingFormat) -> [UInt8] {
        let vectors = work.vectors
        var writer = JSONWriter(reserving: vectors.reduce(256) { $0 + $1.count * 13 + 64 })
        writer.object { writer in
            writer.member("object", "list")
            writer.key("data")
            writer.array { writer in
                for (index, vector) in vectors.enumerated() {
                    writer.object { writer in
                        writer.member("object", "embedding")
                        writer.member("index", index)
                        writer.key("embedding")
                        switch format {
                        case .float: writer.numbers(vector)
                        case .base64: writer.plainString(base64(vector))
                        }
                    }
                }
            }
            writer.member("model", work.model.identity.name)
            writer.key("usage")
            writer.object { writer in
                writer.member("prompt_tokens", work.promptTokenCount)
                writer.member("total_tokens", work.promptTokenCount + work.rationaleTokenCount)
            }
        }
        return writer.bytes
    }

    /// The checkpoints that a request can name.
    private func models() -> HTTPResponse {
        let listing = store.listing
        return .json(ModelList(data: listing.served.compactMap { ModelList.Model($0, active: listing.active) }))
    }

    /// One of them, by its name or an alias.
    private func model(_ request: HTTPRequest) -> HTTPResponse {
        let id = request.head.pathSegment(2) ?? ""
        let listing = store.listing
        let alias = configuration.routing.aliases[id] ?? id
        let name = alias == CheckpointRouting.activeName ? listing.active : alias
        guard let checkpoint = listing.served.first(where: { $0.name == name }),
            let model = ModelList.Model(checkpoint, active: listing.active)
        else {
            let served = listing.served.compactMap { $0.model?.identity.description }
            return ServiceError(StoreError.notServed(pin: String(id.prefix(60)), served: served))
                .response(to: request.head)
        }
        return .json(model)
    }
}

/// How OpenAI's clients want a vector.
enum EncodingFormat: String {
    /// Numbers.
    case float
    /// The float32, little-endian, in base64.
    case base64

    /// - Throws: `ServiceError.invalid`
    init(_ name: String?) throws(ServiceError) {
        guard let name else {
            self = .float
            return
        }
        guard let format = EncodingFormat(rawValue: name) else {
            throw .invalid(
                "`encoding_format` must be \"float\" or \"base64\", not \(JSONValue.string(name).summary)",
                field: "encoding_format")
        }
        self = format
    }
}

extension ModelList.Model {
    /// nil while it is not loaded.
    fileprivate init?(_ checkpoint: StoreListing.Checkpoint, active: String?) {
        guard let model = checkpoint.model else { return nil }
        self.init(
            id: checkpoint.name, checkpoint: model.identity.description, fingerprint: model.identity.fingerprint,
            active: checkpoint.name == active)
    }
}
