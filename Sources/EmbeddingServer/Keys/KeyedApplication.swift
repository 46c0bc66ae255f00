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

    /// - Parameter metricsArePrivate: whether `/metrics` needs a key too.
    init(_ application: any HTTPHandler, keys: ReloadingKeys, metricsArePrivate: Bool) {
        let publicPaths = metricsArePrivate ? Self.publicPaths : Self.publicPaths.union(["/metrics"])
        self.init(application, keys: keys, publicPaths: publicPaths)
    }

    /// - Parameter publicPaths: what needs no key.
    init(_ application: any HTTPHandler, keys: ReloadingKeys, publicPaths: Set<String>) {
        self.application = application
        self.keys = keys
        self.publicPaths = publicPaths
    }

    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        // Routes are found by the same string: no other spelling of a path passes here and means a route there.
        guard publicPaths.contains(head.path) || keys.allow(head) else {
            return ServiceError.unauthorized.response(to: head)
        }
        return application.refuse(head)
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
