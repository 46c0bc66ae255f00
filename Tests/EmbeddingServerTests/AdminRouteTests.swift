import EmbeddingServer
import Engine
import Foundation
import Grace
import HTTP
import Logging
import Serving
import SystemPackage
import TestSupport
import Testing

/// The operator's answer, as a client reads it.
struct AdminAnswer: Decodable {
    struct Checkpoint: Decodable {
        let name: String
        let state: String
        let reason: String?
        let fingerprint: String?
        let memory_bytes: Int?
        let requests: Int
    }

    let checkpoints: [Checkpoint]
    let active: String?
    let previous: String?

    /// Names and states, in order.
    var states: [String] { checkpoints.map { "\($0.name) \($0.state)" } }
}

@Suite("Admin routes")
struct AdminRouteTests {
    /// A directory with a model, an adapter of it and a broken one.
    private func models() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for (name, reference) in [("other", "tiny-llama3"), ("adapter", "tiny-qwen2-lora")] {
            let source = try #require(ReferenceDirectory.file(reference))
            try FileManager.default.copyItem(atPath: source.path, toPath: "\(directory.path)/\(name)")
        }
        _ = try directory.makeDirectory("broken")
        try directory.write("{}", to: "broken/config.json")
        return directory
    }

    @Test("An operator loads, activates, rolls back and unloads; requests go where they should at each moment")
    func life() async throws {
        let models = try models()
        try await ServiceFixture.withModel(models: models.path) { fixture in
            func command(_ name: String, _ body: String = "{}") async throws -> AdminAnswer {
                try await fixture.administer(.post, "/admin/checkpoints/\(name)", query: "wait=true", body)
                    .decoded(AdminAnswer.self)
            }
            func answering(_ model: String? = nil) async -> String {
                let pin = model.map { #", "model": "\#($0)""# } ?? ""
                let response = await fixture.send(.post, "/embed", #"{"inputs": "a"\#(pin)}"#)
                return response.headers["x-grace-checkpoint"].map { String($0.prefix { $0 != "@" }) }
                    ?? "\(response.status.code)"
            }
            let before = try await fixture.administer(.get, "/admin/checkpoints").decoded(AdminAnswer.self)
            #expect(before.active == "tiny-qwen2" && before.previous == nil)
            #expect(
                before.states == ["adapter available", "broken available", "other available", "tiny-qwen2 active"])

            let loaded = try await command("load", #"{"checkpoint": "other"}"#)
            #expect(loaded.states[2] == "other ready")
            #expect(loaded.checkpoints[2].memory_bytes ?? 0 > 0)
            let fingerprint = try #require(loaded.checkpoints[2].fingerprint)
            #expect(await answering() == "tiny-qwen2")
            #expect(await answering("") == "tiny-qwen2")
            #expect(await answering("other") == "other")
            #expect(await answering("other@\(fingerprint)") == "other")
            #expect(await answering("other@\(fingerprint.prefix(12))") == "other")
            #expect(await answering("tiny-qwen2@\(fingerprint.prefix(12))") == "404")
            #expect(await answering("adapter") == "404")

            let activated = try await command("activate", #"{"checkpoint": "other"}"#)
            #expect((activated.active, activated.previous) == ("other", "tiny-qwen2"))
            #expect(await answering() == "other")
            let rolledBack = try await command("rollback")
            #expect((rolledBack.active, rolledBack.previous) == ("tiny-qwen2", "other"))
            let unloaded = try await command("unload", #"{"checkpoint": "other"}"#)
            #expect(unloaded.states[2] == "other available" && unloaded.previous == nil)
            #expect(await answering("other") == "404")
        }
    }

    @Test("What an operator cannot have is answered with its status and its reason")
    func refusals() async throws {
        let models = try models()
        try await ServiceFixture.withModel(models: models.path) { fixture in
            let vectors: [(String, String?, String, Int, String)] = [
                (
                    "load", "wait=true", #"{"checkpoint": "nothing"}"#, 404,
                    "no checkpoint 'nothing'; there are: adapter"
                ),
                ("load", "wait=true", #"{"checkpoint": "broken"}"#, 422, "/broken/"),
                // Its base is not in the directory: a name that is not there, though not that of the request.
                ("activate", "wait=true", #"{"checkpoint": "adapter"}"#, 404, "no checkpoint 'tiny-qwen2'"),
                ("unload", "wait=true", #"{"checkpoint": "tiny-qwen2"}"#, 409, "is active"),
                ("unload", nil, #"{"checkpoint": "other"}"#, 409, "is not loaded"),
                ("rollback", nil, "{}", 409, "was active before"),
                ("load", nil, "{}", 422, "`checkpoint` is missing"),
                ("load", nil, #"{"checkpoint": 5}"#, 422, "`checkpoint` must be a string, not 5"),
                ("load", nil, #"{"name": "a"}"#, 422, "unknown field `name`"),
                ("load", "wait=yes", #"{"checkpoint": "other"}"#, 422, "wait=yes"),
                ("load", nil, "{", 400, "not a JSON document"), ("load", nil, "[]", 422, "must be a JSON object"),
            ]
            for (command, query, body, status, reason) in vectors {
                let response = await fixture.administer(.post, "/admin/checkpoints/\(command)", query: query, body)
                #expect(response.status.code == status, "\(command) \(body)")
                #expect(try response.errorAnswer().error.contains(reason), "\(command) \(body)")
            }
            let listing = try await fixture.administer(.get, "/admin/checkpoints").decoded(AdminAnswer.self)
            #expect(
                listing.states == ["adapter failed", "broken failed", "other available", "tiny-qwen2 active"])
            #expect(listing.checkpoints[1].reason?.contains("/broken/") == true)
            #expect(await fixture.administer(.get, "/admin/checkpoints/load").status == .methodNotAllowed)
            #expect(
                await fixture.administer(
                    .post, "/admin/checkpoints/load", headers: ["Content-Type": "text/plain"], "{}"
                )
                .status == .unsupportedMediaType)
        }
    }

    @Test("A load that would not fit is refused with 507")
    func memoryLimit() async throws {
        let models = try models()
        try await ServiceFixture.withModel(models: models.path) { fixture in
            let needed = fixture.store.listing.memoryInUse
            let limited = ServiceFixture.without(models: models.path) { $0.memoryLimit = needed }
            let path = try #require(TestModels.path(ofReference: "tiny-qwen2"))
            try await limited.store.start(path)
            let response = await limited.administer(
                .post, "/admin/checkpoints/load", query: "wait=true", #"{"checkpoint": "other"}"#)
            #expect(response.status == .insufficientStorage)
            #expect(try response.errorAnswer().error.contains("memory limit is \(needed)"))
            await limited.store.endAll()
        }
    }

    @Test("Without waiting the answer is 202, and the listing shows the progress")
    func progress() async throws {
        let models = try models()
        try await ServiceFixture.withModel(models: models.path) { fixture in
            let response = await fixture.administer(.post, "/admin/checkpoints/activate", #"{"checkpoint": "other"}"#)
            #expect(response.status == .accepted)
            var states: [String] = []
            while fixture.store.listing.active != "other" {
                states = fixture.store.listing.checkpoints.map { "\($0.name) \($0.state.name)" }
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(states.isEmpty || states[2] == "other loading")
            let again = await fixture.administer(.post, "/admin/checkpoints/activate", #"{"checkpoint": "other"}"#)
            #expect(again.status == .ok)
        }
    }

    @Test("With a key file every route needs one of its keys, and nothing is told without")
    func keys() async throws {
        let directory = try TemporaryDirectory()
        let keys = try ReloadingKeys(path: FilePath(directory.write("first-key\n\n  second-key \r\n", to: "keys")))
        let fixture = ServiceFixture.without(keys: keys)
        for (authorization, isAllowed) in [
            (nil, false), ("Bearer first-key", true), ("bearer second-key", true), ("Bearer third-key", false),
            ("Bearer first-ke", false), ("Bearer first-key2", false), ("Basic first-key", false), ("first-key", false),
            ("Bearer", false), ("Bearer ", false), ("Bearer first-key second-key", false),
        ] as [(String?, Bool)] {
            for path in ["/admin/checkpoints", "/nowhere"] {
                var headers: HTTPFields = [:]
                if let authorization { headers["Authorization"] = authorization }
                let response = await fixture.administer(.get, path, headers: headers)
                let expected: HTTPStatus = isAllowed ? path == "/nowhere" ? .notFound : .ok : .unauthorized
                #expect(response.status == expected, "\(authorization ?? "nothing")")
                #expect((response.headers["WWW-Authenticate"] == "Bearer") == !isAllowed)
            }
        }
    }

    @Test("A key file without keys, or with what no header can hold, is refused with its place")
    func keyFiles() throws {
        let directory = try TemporaryDirectory()
        for (text, expected) in [
            ("", KeyFile.Failure.noKeys(path: "\(directory.path)/keys")),
            (" \n\r\n", .noKeys(path: "\(directory.path)/keys")),
            ("key\ntwo words\n", .invalidKey(path: "\(directory.path)/keys", line: 2)),
            ("schlüssel\n", .invalidKey(path: "\(directory.path)/keys", line: 1)),
        ] {
            let path = FilePath(try directory.write(text, to: "keys"))
            #expect(throws: expected) { try KeyFile(path: path) }
        }
        #expect(throws: KeyFile.Failure.self) { try KeyFile(path: "/nonexistent") }
    }

    @Test("Beyond this machine the admin listener needs a key file")
    func adminAddress() throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.admin?.port = 0
        configuration.admin?.host = "0.0.0.0"
        #expect {
            _ = try Server(configuration: configuration, logger: .silent)
        } throws: { error in
            if case .adminWithoutKey = error as? ServerError { true } else { false }
        }
        let directory = try TemporaryDirectory()
        configuration.admin?.keyFile = FilePath(try directory.write("key", to: "keys"))
        #expect(try Server(configuration: configuration, logger: .silent).adminAddress?.port != 0)
    }
}

@Suite("Choice of a checkpoint")
struct CheckpointChoiceTests {
    @Test("Aliases, KServe's readiness and the list of models name what is served")
    func naming() async throws {
        try await ServiceFixture.withModel(configure: {
            $0.routing.aliases = ["text-embedding-3-small": "default"]
        }) { fixture in
            let identity = try #require(fixture.store.listing.activeModel).identity
            for model in ["text-embedding-3-small", "default", "", "tiny-qwen2"] {
                let response = await fixture.send(.post, "/embed", #"{"inputs": "a", "model": "\#(model)"}"#)
                #expect(response.headers["x-grace-checkpoint"] == identity.description)
            }
            let unknown = await fixture.send(.post, "/embed", #"{"inputs": "a", "model": "gpt"}"#)
            #expect(unknown.status == .notFound)
            #expect(try unknown.errorAnswer().error == "no checkpoint 'gpt' is served; served are: \(identity)")
            let models = await fixture.send(.get, "/v1/models")
            #expect(String(decoding: models.body, as: UTF8.self).contains(#""fingerprint":"\#(identity.fingerprint)""#))
            for (path, status) in [
                ("/v2/health/live", 200), ("/v2/health/ready", 200), ("/v2/models/tiny-qwen2/ready", 200),
                ("/v2/models/tiny%2Dqwen2/ready", 200), ("/v2/models/other/ready", 404), ("/v2/models//ready", 404),
                ("/v2/models/a/b/ready", 404), ("/v2/models/{name}/ready", 404),
            ] {
                #expect(await fixture.send(.get, path).status.code == status, "\(path)")
            }
            #expect(await fixture.send(.post, "/v2/models/tiny-qwen2/ready").status == .methodNotAllowed)
        }
    }

    @Test("A checkpoint's own defaults come before the server's, and a request's before both")
    func defaults() async throws {
        let models = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(models.path)/own")
        try models.write(
            #"{"version": 1, "normalize": false, "generation": {"max_rationale_tokens": 3}, "system_prompt": "Read."}"#,
            to: "own/grace.json")
        try await ServiceFixture.withModel(models: models.path) { fixture in
            _ = try await fixture.store.load("own", activates: false)?.value.get()
            func embed(_ fields: String) async throws -> (norm: Float, rationaleTokens: String?) {
                let response = await fixture.send(.post, "/embed", #"{"inputs": "a"\#(fields)}"#)
                let vector = try response.decoded([[Float]].self)[0]
                let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return (norm, response.headers["x-rationale-tokens"])
            }
            let server = try await embed("")
            #expect(abs(server.norm - 1) < 1e-5 && server.rationaleTokens == "8")
            let own = try await embed(#", "model": "own""#)
            #expect(abs(own.norm - 1) > 0.01 && own.rationaleTokens == "3")
            let asked = try await embed(#", "model": "own", "normalize": true, "max_rationale_tokens": 5"#)
            #expect(abs(asked.norm - 1) < 1e-5 && asked.rationaleTokens == "5")
        }
    }

    @Test("Requests on trial go to the canary, whole, and to the active checkpoint while that is not loaded")
    func canary() async throws {
        let models = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-llama3"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(models.path)/new")
        try await ServiceFixture.withModel(
            models: models.path, configure: { $0.routing.canary = .init(checkpoint: "new", share: 0.5) }
        ) { fixture in
            func answering() async -> [String] {
                var names: [String] = []
                for text in 0..<20 {
                    let response = await fixture.send(
                        .post, "/embed", #"{"inputs": ["\#(text)", "more"], "max_rationale_tokens": 0}"#)
                    names.append(String((response.headers["x-grace-checkpoint"] ?? "").prefix { $0 != "@" }))
                }
                return names
            }
            #expect(Set(await answering()) == ["tiny-qwen2"])
            _ = try await fixture.store.load("new", activates: false)?.value.get()
            let first = await answering()
            #expect(Set(first) == ["tiny-qwen2", "new"])
            #expect(await answering() == first)
        }
    }
}
