import EmbeddingServer
import Foundation
import HTTP
import Testing

/// What the page does is tested in a browser: Tests/Compatibility/test_ui.py.
@Suite("The page")
struct InterfaceTests {
    private static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    @Test("Browsers get it before any model is ready, under a policy of its own", arguments: ["/", "/ui"])
    func page(path: String) async throws {
        let fixture = ServiceFixture.without()
        var nonces: Set<Substring> = []
        for _ in 0..<2 {
            let response = await fixture.send(.get, path, headers: ["Accept": Self.browser])
            #expect(response.status == .ok && response.headers["Content-Type"] == "text/html; charset=utf-8")
            let policy = try #require(response.headers["Content-Security-Policy"])
            let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-([^']+)'/)).output.1
            #expect(policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe"))
            #expect(policy.contains("require-trusted-types-for 'script'; trusted-types 'none'"))
            #expect(policy.contains("frame-ancestors 'none'") && policy.contains("style-src 'nonce-\(nonce)'"))
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(text.components(separatedBy: "nonce=\"\(nonce)\"").count == 3)
            for place in ["{nonce}", "{style}", "{script}", "innerHTML", "https://"] { #expect(!text.contains(place)) }
            #expect(response.body.count <= 60_000)
            nonces.insert(nonce)
        }
        #expect(nonces.count == 2)
    }

    @Test(
        "Whoever does not ask for a page gets the state of the server at /, as clients of others do",
        arguments: [nil, "*/*", "application/json", "text/*", "text/html;q=0", "text/html; q=0.000", "text/html5"])
    func programs(accept: String?) async throws {
        let headers: HTTPFields = accept.map { ["Accept": $0] } ?? [:]
        let response = await ServiceFixture.without().send(.get, "/", headers: headers)
        #expect(response.status == .serviceUnavailable && response.headers["Vary"] == "Accept")
        #expect(try response.errorAnswer().error_type == "Unhealthy")
    }

    @Test(
        "A page that is asked for among other things is one",
        arguments: ["text/html", "TEXT/HTML", "application/json, text/html;q=0.1", "text/html; charset=utf-8"])
    func askedFor(accept: String) async {
        let response = await ServiceFixture.without().send(.get, "/", headers: ["Accept": accept])
        #expect(response.status == .ok && response.headers["Content-Type"] == "text/html; charset=utf-8")
    }

    @Test("Switched off, there is none")
    func off() async throws {
        let fixture = ServiceFixture.without(configure: { $0.servesInterface = false })
        #expect(await fixture.send(.get, "/ui", headers: ["Accept": Self.browser]).status == .notFound)
        let response = await fixture.send(.get, "/", headers: ["Accept": Self.browser])
        #expect(response.status == .serviceUnavailable && response.headers["Vary"] == nil)
    }
}
