import Grace
import HTTP
import JSON
import Serving

/// text-embeddings-inference's routes beside `/embed`.
extension EmbeddingRoutes {
    /// What it answers for models of another kind than one that gives a text one vector.
    private static let otherModels = ["/embed_all", "/embed_sparse", "/predict", "/rerank"]

    func addTextRoutes(to router: inout Router) {
        addPost("/similarity", to: &router) { request in await similarity(request) }
        addPost("/tokenize", to: &router) { request in await tokenize(request) }
        addPost("/decode", to: &router) { request in await decode(request) }
        for path in Self.otherModels {
            addPost(path, to: &router) { request in
                ServiceError.unsupported("`\(path)` is not there: a GRACE model gives each text one vector")
                    .response(to: request.head)
            }
        }
    }

    /// The cosines of one text's vector with those of others.
    private func similarity(_ request: HTTPRequest) async -> HTTPResponse {
        await embed(request) { fields throws(ServiceError) in
            let request = try EmbedRequest(
                fields.object("parameters"), inputs: Self.comparedTexts(fields), model: fields.string("model"),
                normalize: true)
            return (request, ())
        } body: { work, _ in
            let vectors = work.vectors
            return Self.json { writer in
                writer.numbers(vectors.dropFirst().map { cosine(vectors[0], $0) })
            }
        }
    }

    /// The source first.
    private static func comparedTexts(_ fields: RequestFields) throws(ServiceError) -> RequestInputs {
        guard fields.value("inputs") != nil else { throw .invalid("`inputs` is missing", field: "inputs") }
        let inputs = try fields.object("inputs")
        guard let source = try inputs.string("source_sentence") else {
            throw .invalid("`inputs.source_sentence` is missing", field: "inputs")
        }
        let sentences = try texts(inputs.value("sentences"), field: "inputs.sentences")
        guard !sentences.isEmpty else { throw .empty("`inputs.sentences` cannot be empty", field: "inputs") }
        return RequestInputs(field: "inputs", texts: [source] + sentences)
    }

    private func tokenize(_ request: HTTPRequest) async -> HTTPResponse {
        await answering(request) { () throws(ServiceError) in
            let fields = try RequestFields(parsing: request.body)
            let value = fields.value("inputs")
            let texts = if case .string(let text) = value { [text] } else { try Self.texts(value, field: "inputs") }
            let withTemplate = try fields.bool("add_special_tokens") ?? true
            let promptName = try fields.string("prompt_name")
            try checkCount(texts.count, field: "inputs")
            try checkSize(texts.reduce(0) { $0 + $1.utf8.count }, "bytes", field: "inputs")
            return try await withModel(selection(fields)) { embedder async throws(ServiceError) in
                let tokens: [[TextToken]]
                do throws(GraceError) {
                    tokens = try await embedder.tokenize(
                        texts, behindPrompt: promptName, withTemplate: withTemplate)
                } catch {
                    throw ServiceError(error)
                }
                return HTTPResponse(json: Self.json { $0.tokens(tokens) })
            }
        }
    }

    private func decode(_ request: HTTPRequest) async -> HTTPResponse {
        await answering(request) { () throws(ServiceError) in
            let fields = try RequestFields(parsing: request.body)
            let inputs = try RequestInputs(fields.value("ids"), field: "ids").values
            let skipControlTokens = try fields.bool("skip_special_tokens") ?? true
            try checkCount(inputs.count, field: "ids")
            var lists: [[Int]] = []
            for input in inputs {
                guard case .tokens(let ids) = input else {
                    throw .invalid("`ids` must be a list of tokens or a list of such lists", field: "ids")
                }
                lists.append(ids)
            }
            try checkSize(lists.reduce(0) { $0 + $1.count }, "tokens", field: "ids")
            return try await withModel(selection(fields)) { embedder async throws(ServiceError) in
                let texts: [String]
                do throws(GraceError) {
                    texts = try await embedder.decode(lists, skipControlTokens: skipControlTokens)
                } catch {
                    throw ServiceError(error, inputs: "ids")
                }
                return HTTPResponse(
                    json: Self.json { writer in writer.array { writer in texts.forEach { writer.string($0) } } })
            }
        }
    }

    private func selection(_ fields: RequestFields) throws(ServiceError) -> CheckpointSelection {
        configuration.routing.selection(model: try fields.string("model"), texts: [])
    }

    /// What is not cut is bounded: an answer has some fifty bytes for each of a text.
    private static let mostAtOnce = 64 * 1024

    private func checkSize(_ size: Int, _ unit: String, field: String) throws(ServiceError) {
        guard size <= Self.mostAtOnce else {
            throw .invalid("`\(field)` has \(size) \(unit), the limit is \(Self.mostAtOnce)", field: field)
        }
    }

    private func checkCount(_ count: Int, field: String) throws(ServiceError) {
        guard count > 0 else { throw .empty("`\(field)` cannot be empty", field: field) }
        let limit = configuration.requestLimits.maxClientBatchSize
        guard count <= limit else {
            throw .invalid("`\(field)` has \(count) texts, the limit is \(limit)", field: field)
        }
    }

    private static func texts(_ value: JSONValue?, field: String) throws(ServiceError) -> [String] {
        guard let value else { throw .invalid("`\(field)` is missing", field: "inputs") }
        guard case .array(let elements) = value else {
            throw .invalid("`\(field)` must be a list of strings, not \(value.summary)", field: "inputs")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let text) = element else {
                throw .invalid("`\(field)[\(index)]` must be a string, not \(element.summary)", field: "inputs")
            }
            texts.append(text)
        }
        return texts
    }

    private static func json(_ write: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        write(&writer)
        return writer.bytes
    }
}

extension JSONWriter {
    /// Lists of tokens as text-embeddings-inference writes them.
    fileprivate mutating func tokens(_ lists: [[TextToken]]) {
        array { writer in
            for list in lists {
                writer.array { writer in
                    for token in list { writer.token(token) }
                }
            }
        }
    }

    private mutating func token(_ token: TextToken) {
        object { writer in
            writer.member("id", token.id)
            writer.member("text", token.text)
            writer.member("special", token.range == nil)
            writer.member("start", token.range?.lowerBound)
            writer.member("stop", token.range?.upperBound)
        }
    }
}

/// Of two vectors of length 1, or 0 where one has none.
private func cosine(_ first: [Float], _ second: [Float]) -> Float {
    let product = zip(first, second).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    // Rounding must not lead out of what a cosine can be.
    return Float(min(max(product, -1), 1))
}
