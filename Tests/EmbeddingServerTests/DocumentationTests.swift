import EmbeddingServer
import Engine
import Foundation
import HTTP
import TestSupport
import Testing

@Suite("Documentation routes")
struct DocumentationTests {
    private typealias Members = [String: Any]

    private func document(_ fixture: ServiceFixture) async throws -> [String: Any] {
        let response = await fixture.send(.get, "/openapi.json")
        #expect(response.status == .ok && response.headers["Content-Type"] == "application/json")
        return try #require(JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
    }

    private func member(_ document: [String: Any], _ path: String...) -> Any? {
        path.reduce(document as Any?) { ($0 as? Members)?[$1] }
    }

    @Test("The document has the limits of the running server and of its checkpoint")
    func limits() async throws {
        try await ServiceFixture.withModel(configure: {
            $0.requestLimits.maxClientBatchSize = 7
            $0.requestLimits.maxRationaleTokens = 99
        }) { fixture in
            let document = try await document(fixture)
            let schemas = ("components", "schemas")
            let dimensions = member(document, schemas.0, schemas.1, "Dimensions", "maximum") as? Int
            let rationale = member(document, schemas.0, schemas.1, "MaxRationaleTokens", "maximum") as? Int
            let token = member(document, schemas.0, schemas.1, "Token", "maximum") as? Int
            #expect(dimensions == 48 && rationale == 99)
            #expect(token ?? 0 > 256)
            #expect(member(document, "info", "version") as? String == graceVersion)
            let inputs = member(document, schemas.0, schemas.1, "Inputs", "anyOf") as? [Members]
            #expect(inputs?.last?["maxItems"] as? Int == 7)
            let text = String(decoding: await fixture.send(.get, "/openapi.json").body, as: UTF8.self)
            #expect(!text.contains(#""{max"#) && !text.contains(#""{model}""#))
        }
    }

    @Test("The document has every reason for which a rationale ends")
    func finishReasons() async throws {
        let document = try await document(ServiceFixture.without())
        let reasons = member(
            document, "components", "schemas", "Explanation", "properties", "finish_reason", "enum")
        #expect(reasons as? [String] == FinishReason.allCases.map(\.rawValue))
    }

    @Test("Without a model the document is there, without the limits of one")
    func withoutModel() async throws {
        let document = try await document(ServiceFixture.without())
        #expect(member(document, "components", "schemas", "Dimensions", "minimum") as? Int == 1)
        #expect(member(document, "components", "schemas", "Dimensions", "maximum") == nil)
    }

    @Test("Every route that the document has is there, and every reference leads somewhere")
    func routes() async throws {
        let fixture = ServiceFixture.without()
        let document = try await document(fixture)
        let paths = try #require(document["paths"] as? [String: Members])
        #expect(paths.count > 20)
        // Added by whoever counts.
        for (path, methods) in paths where path != "/metrics" {
            for method in methods.keys {
                let found = await fixture.send(
                    HTTPMethod(rawValue: method.uppercased()), path.replacing(/\{\w+\}/, with: "a"), "{}")
                let message = String(decoding: found.body, as: UTF8.self)
                #expect(!message.contains("there is nothing at") && found.status != .methodNotAllowed, "\(path)")
            }
        }
        let text = String(decoding: await fixture.send(.get, "/openapi.json").body, as: UTF8.self)
        let references = text.matches(of: /"\$ref":"#\/(\w+)\/(\w+)\/([\w-]+)"/)
        #expect(references.count > 100)
        for reference in references {
            let (_, first, second, third) = reference.output
            #expect(member(document, String(first), String(second), String(third)) != nil, "\(third)")
        }
    }

    @Test("The page may run its own script and nothing else, and is another at each time")
    func page() async throws {
        let fixture = ServiceFixture.without()
        var policies: Set<String> = []
        for _ in 0..<2 {
            let response = await fixture.send(.get, "/docs")
            #expect(response.status == .ok && response.headers["Content-Type"] == "text/html; charset=utf-8")
            let policy = try #require(response.headers["Content-Security-Policy"])
            let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-([^']+)'/)).output.1
            let text = String(decoding: response.body, as: UTF8.self)
            #expect(policy.hasPrefix("default-src 'none';") && !policy.contains("unsafe"))
            #expect(text.components(separatedBy: "nonce=\"\(nonce)\"").count == 3)
            #expect(!text.contains("{nonce}") && !text.contains("https://") && !text.contains("onclick"))
            policies.insert(policy)
        }
        #expect(policies.count == 2)
    }
}
