import HTTP
import Metrics

extension Router {
    /// Adds `/metrics`, in Prometheus's text format.
    mutating func addMetrics(of registry: Registry) {
        let scrapes = SharedScrapes(registry)
        add(.get, "/metrics") { _ in
            HTTPResponse(
                status: .ok, headers: ["Content-Type": Registry.mediaType, "Cache-Control": "no-store"],
                body: await scrapes.exposition())
        }
    }
}
