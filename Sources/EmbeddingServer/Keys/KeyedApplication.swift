import HTTP

/// An application behind keys: what is not public is refused with 401 before anything else is said and before a body is read.
package struct KeyedApplication: HTTPHandler {
    /// What load balancers ask, and what a browser shows: neither can give a key, and both learn nothing that this project
    /// does not publish.
    private static let publicPaths: Set<String> = [
        "/health", "/v2/health/live", "/v2/health/ready", "/docs", "/openapi.json",
    ]

    private let application: any HTTPHandler
    private let keys: ReloadingKeys
    private let publicPaths: Set<String>
    /// Whether `/` shows a page, which whoever has a key gives it there; what is sent to `/` needs it all the same.
    private let rootIsPublic: Bool

    /// - Parameter configuration: says whether `/metrics` needs a key too, and whether there is a page.
    init(_ application: any HTTPHandler, keys: ReloadingKeys, configuration: ServerConfiguration) {
        var publicPaths = Self.publicPaths
        if !configuration.metricsArePrivate { publicPaths.insert("/metrics") }
        if configuration.servesInterface { publicPaths.insert(EmbeddingRoutes.interfacePath) }
        self.init(application, keys: keys, publicPaths: publicPaths, rootIsPublic: configuration.servesInterface)
    }

    /// - Parameters:
    ///   - publicPaths: what needs no key.
    ///   - rootIsPublic: whether getting `/` needs none.
    init(_ application: any HTTPHandler, keys: ReloadingKeys, publicPaths: Set<String>, rootIsPublic: Bool = false) {
        self.application = application
        self.keys = keys
        self.publicPaths = publicPaths
        self.rootIsPublic = rootIsPublic
    }

    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        // Routes are found by the same string: no other spelling of a path passes here and means a route there.
        guard isPublic(head) || keys.allow(head) else { return ServiceError.unauthorized.response(to: head) }
        return application.refuse(head)
    }

    private func isPublic(_ head: HTTPRequestHead) -> Bool {
        publicPaths.contains(head.path)
            || rootIsPublic && head.path == "/" && (head.method == .get || head.method == .head)
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        await application.respond(to: request)
    }

    package func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        application.respondAtOnce(to: request)
    }

    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        application.response(to: error, of: head)
    }
}
