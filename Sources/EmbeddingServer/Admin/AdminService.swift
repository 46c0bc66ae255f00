import HTTP
import Logging
import Serving

/// The operator's application: the admin routes, behind a key where there is a key file.
package struct AdminService: HTTPHandler {
    private let application: LoggedApplication
    private let keys: ReloadingKeys?

    /// Changes what the store holds.
    package init(
        store: ModelStore, routing: CheckpointRouting, keys: ReloadingKeys?, logger: Logger,
        metrics: ServerMetrics = ServerMetrics()
    ) {
        let routes = AdminRoutes(store: store, routing: routing).router()
        application = LoggedApplication(
            ContentCodingApplication(routes, maxBodySize: HTTPLimits().maxBodySize), routes: routes, logger: logger,
            metrics: metrics)
        self.keys = keys
    }

    package func respond(to request: HTTPRequest) async -> HTTPResponse {
        await application.respond(to: request)
    }

    /// The refusal of a request without a key comes before all others: it tells nothing of the routes.
    package func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
        if let keys, !keys.allow(head) {
            return application.refusal(ServiceError.unauthorized.response, of: head)
        }
        return application.refuse(head)
    }

    package func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
        application.response(to: error, of: head)
    }
}
