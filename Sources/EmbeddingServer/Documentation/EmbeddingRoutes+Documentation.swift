import Grace
import HTTP
import JSON
import Serving

/// What the server says of its own interface.
extension EmbeddingRoutes {
    func addDocumentationRoutes(to router: inout Router) {
        router.add(.get, "/openapi.json") { _ in openAPI() }
        router.add(.get, "/docs") { _ in Self.page.response }
    }

    private static let document = Result { () throws(JSONError) in
        try OpenAPIDocument(parsing: PackageResources.openapi_json)
    }

    private func openAPI() -> HTTPResponse {
        switch Self.document {
        case .success(let document): HTTPResponse(json: document.json(with: documentedValues))
        case .failure(let error): ServiceError.backend("openapi.json: \(error)").response
        }
    }

    /// The limits of this server, and of the checkpoint that is active now.
    private var documentedValues: [String: JSONValue] {
        let limits = configuration.requestLimits
        var values: [String: JSONValue] = [
            "version": .string(graceVersion), "max_texts": .integer(limits.maxClientBatchSize),
            // The text that they are compared with is one more.
            "max_compared_texts": .integer(limits.maxClientBatchSize - 1),
            "max_rationale_tokens": .integer(limits.maxRationaleTokens),
            "default_max_rationale_tokens": .integer(limits.defaultMaxRationaleTokens),
        ]
        if let model = store.listing.activeModel {
            values["model"] = .string(model.identity.name)
            if let tokens = model.defaults.maxRationaleTokens {
                values["default_max_rationale_tokens"] = .integer(tokens)
            }
            values["dimensions"] = .integer(model.dimensions)
            values["last_token"] = .integer(model.vocabularySize - 1)
        }
        return values
    }

    private static let page = BrowserPage(html: PackageResources.page_html)
}
