import Confinement
import EmbeddingServer
import HTTP
import SystemPackage
import TestSupport
import Testing

@Suite("Keys")
struct KeyTests {
    private func head(_ path: String, _ headers: HTTPFields = [:]) -> HTTPRequestHead {
        HTTPRequestHead(method: .get, target: path, path: path, headers: headers)
    }

    @Test("A file has one key a line, and comments")
    func file() throws {
        let directory = try TemporaryDirectory()
        let text = "# of the first team\nfirst\n\n  # of the second\n\tsecond#key \r\nthird"
        let keys = try KeyFile(path: FilePath(directory.write(text, to: "keys")))
        #expect(keys.count == 3)
        #expect(keys.authorization == "Bearer first")
        for key in ["first", "second#key", "third"] { #expect(keys.allows(key)) }
        for key in ["", "#", "# of the first team", "First", "firs", "first ", "firstsecond#key", "fourth"] {
            #expect(!keys.allows(key))
        }
        let comments = FilePath(try directory.write("# nobody\n", to: "comments"))
        #expect(throws: KeyFile.Failure.noKeys(path: comments.string)) { try KeyFile(path: comments) }
        let large = FilePath(try directory.write(String(repeating: "k", count: 1 << 20), to: "large"))
        #expect(throws: KeyFile.Failure.tooLarge(path: large.string, limit: 1 << 20)) { try KeyFile(path: large) }
    }

    @Test("A file that changes counts from the next look, and one that is broken leaves the old keys")
    func reload() throws {
        let directory = try TemporaryDirectory()
        let path = FilePath(try directory.write("one", to: "keys"))
        let events = Confined<[ReloadingKeys.Event]>([])
        let keys = try ReloadingKeys(path: path) { event in events.withState { $0.append(event) } }
        func allows(_ key: String) -> Bool { keys.allow(head("/", ["Authorization": "Bearer \(key)"])) }
        func taken() -> [ReloadingKeys.Event] {
            events.withState { events in
                defer { events = [] }
                return events
            }
        }
        keys.look()
        #expect(taken() == [] && allows("one"))
        // A key of the same length, in a new file.
        try directory.write("two", to: "keys")
        keys.look()
        #expect(taken() == [.reloaded(path: path.string, count: 1)])
        #expect(allows("two") && !allows("one"))
        keys.look()
        #expect(taken() == [])
        try directory.write("not a key\n", to: "keys")
        keys.look()
        keys.look()
        #expect(taken() == [.failed(.invalidKey(path: path.string, line: 1))])
        #expect(allows("two"))
        try directory.remove("keys")
        keys.look()
        keys.look()
        let gone = taken()
        #expect(gone.count == 1)
        guard case .failed(.unreadable) = gone.first else {
            Issue.record("\(gone)")
            return
        }
        #expect(allows("two"))
        try directory.write("three\nfour\n", to: "keys")
        keys.look()
        #expect(taken() == [.reloaded(path: path.string, count: 2)])
        #expect(allows("three") && allows("four") && !allows("two"))
        keys.reload()
        #expect(taken() == [.reloaded(path: path.string, count: 2)])
    }

    @Test("A watched file counts without a request", .timeLimit(.minutes(5)))
    func watch() async throws {
        let directory = try TemporaryDirectory()
        let path = FilePath(try directory.write("one", to: "keys"))
        let (events, report) = AsyncStream.makeStream(of: ReloadingKeys.Event.self)
        let keys = try ReloadingKeys(path: path) { report.yield($0) }
        keys.watch()
        try directory.write("other", to: "keys")
        for await event in events {
            #expect(keys.allow(head("/", ["X-API-Key": "other"])) || event != .reloaded(path: path.string, count: 1))
            // The file may have been looked at while it was written.
            if event == .reloaded(path: path.string, count: 1) { break }
        }
    }

    @Test(
        "A key may come in either of three fields",
        arguments: [
            (["Authorization": "Bearer key"], true), (["Authorization": "BEARER  key"], true),
            (["X-API-Key": "key"], true),
            (["api-key": "key"], true), (["Api-Key": "kez"], false), (["X-API-Key": "Bearer key"], false),
            (["Authorization": "key"], false), (["Authorization": "Basic key"], false), (["Cookie": "key"], false),
            (["X-API-Key": "wrong", "Authorization": "Bearer key"], true), ([:], false),
            (["X-API-Key": ""], false), (["Authorization": "Bearer "], false),
        ] as [(HTTPFields, Bool)])
    func fields(headers: HTTPFields, isAllowed: Bool) throws {
        let directory = try TemporaryDirectory()
        let keys = try ReloadingKeys(path: FilePath(directory.write("key", to: "keys")))
        #expect(keys.allow(head("/", headers)) == isAllowed)
    }

    @Test("Without a key everything is refused before its body, but what is public", arguments: [true, false])
    func application(metricsArePrivate: Bool) async throws {
        let directory = try TemporaryDirectory()
        let keys = try ReloadingKeys(path: FilePath(directory.write("key", to: "keys")))
        let fixture = ServiceFixture.without(
            configure: { $0.metricsArePrivate = metricsArePrivate }, clientKeys: keys)
        let isPublic = [
            "/health": true, "/v2/health/live": true, "/v2/health/ready": true, "/docs": true, "/openapi.json": true,
            "/metrics": !metricsArePrivate, "/embed": false, "/explain": false, "/info": false, "/v1/models": false,
            "/v2/models/a/ready": false, "/ui": true, "/ui/": false, "/nowhere": false, "*": false, "/health/": false,
            "/%68ealth": false, "//health": false, "/metrics/": false, "/docs/x": false,
        ]
        for (path, isPublic) in isPublic {
            for method in [HTTPMethod.get, .head, .post, .options] {
                let refusal = fixture.application.refuse(
                    HTTPRequestHead(method: method, target: path, path: path, framing: .length(1 << 20)))
                #expect((refusal?.status != .unauthorized) == isPublic, "\(method) \(path)")
                let allowed = fixture.application.refuse(
                    HTTPRequestHead(
                        method: method, target: path, path: path, headers: ["X-API-Key": "key"],
                        framing: .length(1 << 20)))
                #expect(allowed?.status != .unauthorized, "\(method) \(path)")
            }
        }
        // The page is for everyone, what is sent to the same path is not.
        for servesInterface in [true, false] {
            let fixture = ServiceFixture.without(
                configure: { $0.servesInterface = servesInterface }, clientKeys: keys)
            let requests: [(HTTPMethod, String)] = [(.get, "/"), (.head, "/"), (.post, "/"), (.get, "/ui")]
            for (method, path) in requests {
                let refusal = fixture.application.refuse(
                    HTTPRequestHead(method: method, target: path, path: path, framing: .length(1 << 20)))
                let isPublic = servesInterface && method != .post
                #expect((refusal?.status != .unauthorized) == isPublic, "\(method) \(path)")
            }
        }
        let refusal = await fixture.send(.post, "/embed", headers: ["Content-Encoding": "br"], [])
        #expect(refusal.status == .unauthorized)
        #expect(refusal.headers["WWW-Authenticate"] == "Bearer")
        #expect(refusal.headers["x-request-id"] != nil)
        #expect(try refusal.errorAnswer().error_type == "Unauthorized")
        #expect(await fixture.send(.get, "/v2/health/live").status == .ok)
        // The keys of clients are not those of operators.
        #expect(await fixture.administer(.get, "/admin/checkpoints").status == .ok)
    }
}
