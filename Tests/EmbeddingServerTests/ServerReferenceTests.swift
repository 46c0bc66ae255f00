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
import Transformer

/// The real model through the real server, over a socket.
@Suite("Server Reference", .serialized)
struct ServerReferenceTests {
    @Test("Rationales and vectors over HTTP equal the reference's", arguments: ["tiny-llama3", "smollm2"])
    func overHTTP(name: String) async throws {
        guard let golden = try Golden.load(name), let path = TestModels.path(ofReference: name) else { return }
        let server = try await start(path)
        let port = server.address.port
        let body = try JSONSerialization.data(withJSONObject: [
            "inputs": golden.cases.map(\.text), "max_rationale_tokens": Golden.maxRationaleTokens(of: name),
            "embedding": true,
        ])
        let response = await onThread { post("/explain", Array(body), port: port) }
        await server.stop()
        let content = try #require(response.components(separatedBy: "\r\n\r\n").dropFirst().first)
        let explanations = try JSONDecoder().decode([Explanation].self, from: Data(content.utf8))
        #expect(explanations.count == golden.cases.count)
        for (found, expected) in zip(explanations, golden.cases) {
            #expect(Array(found.rationale.utf8) == Array(expected.rationale.utf8))
            #expect(found.rationale_tokens == expected.rationaleIds.count)
            #expect(found.prompt_tokens == expected.promptIds.count)
            let embedding = try #require(found.embedding)
            #expect(relativeL2(embedding, expected.embedding) <= (name == "smollm2" ? 1e-3 : 1e-4))
            #expect(cosine(embedding, expected.embedding) >= 0.99999)
        }
    }

    @Test("A client that goes away gives its place in the batch back")
    func disconnects() async throws {
        guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return }
        let server = try await start(path) { $0.batchLimits.maxLiveRequests = 1 }
        let port = server.address.port
        // One after the other they take far longer than this test may, unless they are given up.
        let texts = (0..<32).map { "\"text \($0)\"" }.joined(separator: ",")
        let abandoned = await onThread {
            let client = TestClient(port: port)
            client.send(request("/embed", Array(#"{"inputs": [\#(texts)], "max_rationale_tokens": 900}"#.utf8)))
            return client
        }
        while await load(port: port).live != 1 { try await Task.sleep(for: .milliseconds(1)) }
        abandoned.close()
        while await load(port: port) != (0, 0) { try await Task.sleep(for: .milliseconds(1)) }
        let next = await onThread {
            post("/embed", Array(#"{"inputs": "y", "max_rationale_tokens": 1}"#.utf8), port: port)
        }
        #expect(next.hasPrefix("HTTP/1.1 200 "))
        await server.stop()
    }

    @Test("Stopping finishes what is in flight and then refuses connections")
    func stopping() async throws {
        guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return }
        let server = try await start(path)
        let port = server.address.port
        async let answer = onThread {
            post("/embed", Array(#"{"inputs": "x", "max_rationale_tokens": 300}"#.utf8), port: port)
        }
        while await load(port: port).live != 1 { try await Task.sleep(for: .milliseconds(1)) }
        await server.stop()
        #expect(await answer.hasPrefix("HTTP/1.1 200 "))
    }

    @Test("A model that is not there ends the start with what there is")
    func missingModel() async throws {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.admin?.port = 0
        configuration.models = ModelDirectory(path: "/nonexistent")
        configuration.model = "some"
        let server = try Server(configuration: configuration, logger: .silent)
        let error = await #expect(throws: ServerError.self) { try await server.start() }
        #expect(
            error
                == .model(.invalid(name: "some", .unknownModel(name: "some", directory: "/nonexistent", available: [])))
        )
        #expect(
            error?.description == "no checkpoint 'some' in /nonexistent; there are: none; --model takes another, "
                + "--models another directory")
    }

    @Test(
        "An adapter without its base ends the start with what to do",
        arguments: [
            (ServerConfiguration.defaultModel, "fetch it with Deploy/fetch-model --models DIRECTORY"),
            ("other", "put it there too"),
        ])
    func missingBase(name: String, advice: String) async throws {
        guard let adapter = ReferenceDirectory.file("tiny-qwen2-lora") else { return }
        let directory = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: adapter.path, toPath: "\(directory.path)/\(name)")
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.admin = nil
        configuration.models = ModelDirectory(path: FilePath(directory.path))
        configuration.model = name
        let server = try Server(configuration: configuration, logger: .silent)
        let error = await #expect(throws: ServerError.self) { try await server.start() }
        #expect(
            error?.description == "no checkpoint 'tiny-qwen2' in \(directory.path), on which the adapter \(name) "
                + "stands; there are: \(name); " + advice.replacingOccurrences(of: "DIRECTORY", with: directory.path))
    }

    @Test("A port in use is refused before a model is read")
    func portInUse() throws {
        let listener = try Listener(host: "127.0.0.1", port: 0)
        var configuration = ServerConfiguration()
        configuration.port = listener.address.port
        configuration.admin = nil
        #expect(throws: ServerError.self) { try Server(configuration: configuration, logger: .silent) }
    }

    private func start(
        _ path: String, configure: (inout ServerConfiguration) -> Void = { _ in }
    ) async throws -> Server {
        var configuration = ServerConfiguration()
        configuration.port = 0
        configuration.admin?.port = 0
        configuration.model = path
        // The reference's own.
        configuration.precision = .float32
        configure(&configuration)
        let server = try Server(configuration: configuration, logger: .silent)
        let line = try await server.start()
        #expect(line.contains("ready: http://127.0.0.1:\(server.address.port)"))
        return server
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

private func request(_ path: String, _ body: [UInt8]) -> [UInt8] {
    let head =
        "POST \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: application/json\r\n"
        + "Content-Length: \(body.count)\r\n\r\n"
    return Array(head.utf8) + body
}

/// The whole response, head and body.
private func post(_ path: String, _ body: [UInt8], port: Int) -> String {
    let client = TestClient(port: port)
    defer { client.close() }
    client.send(request(path, body))
    return client.receiveAll()
}

/// The texts that are live and that wait.
private func load(port: Int) async -> (live: Int, waiting: Int) {
    let response = await onThread {
        let client = TestClient(port: port)
        defer { client.close() }
        client.send("GET /info HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        return client.receiveAll()
    }
    func number(_ key: String) -> Int {
        let rest = response.components(separatedBy: "\"\(key)\":").dropFirst().first ?? ""
        return Int(rest.prefix { $0.isNumber }) ?? -1
    }
    return (number("live"), number("waiting"))
}
