import HTTP

/// The page that shows why two texts are close.
extension EmbeddingRoutes {
    /// Where the page is, apart from `/`.
    static let interfacePath = "/ui"

    func addInterfaceRoutes(to router: inout Router) {
        // text-embeddings-inference's, whose clients ask for no page.
        guard configuration.servesInterface else { return router.add(.get, "/") { _ in health() } }
        router.add(.get, Self.interfacePath) { _ in Self.interface.response }
        router.add(.get, "/") { request in
            var response = request.head.asksForPage ? Self.interface.response : health()
            response.headers["Vary"] = "Accept"
            return response
        }
    }

    private static let interface = BrowserPage(
        html: PackageResources.ui_html, style: PackageResources.ui_css,
        scripts: [
            PackageResources.ui_text_js, PackageResources.ui_request_js, PackageResources.ui_contributions_js,
            PackageResources.ui_marks_js, PackageResources.ui_run_js, PackageResources.ui_js,
        ])
}

extension HTTPRequestHead {
    /// Whether HTML is asked for by its name, as browsers do and programs do not (RFC 9110, section 12.5.1).
    var asksForPage: Bool {
        headers.listElements(of: "accept").contains { element in
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            let isRefused = parts.dropFirst().contains { ["q=0", "q=0.0", "q=0.00", "q=0.000"].contains($0) }
            return parts.first == "text/html" && !isRefused
        }
    }
}
