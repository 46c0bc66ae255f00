import EmbeddingServer
import Gzip
import HTTP
import TestSupport
import Testing

@Suite("Content codings")
struct ContentCodingTests {
    /// Answers `/echo` with the request's body, `/refused` not at all, and other paths with what they name.
    private struct Echo: HTTPHandler {
        func respond(to request: HTTPRequest) async -> HTTPResponse {
            #expect(["", "identity"].contains(request.headers["content-encoding"] ?? ""))
            #expect(request.head.framing == .length(request.body.count))
            let type = request.headers["x-type"] ?? "application/json"
            var response = HTTPResponse(status: .ok, headers: ["Content-Type": type], body: request.body)
            if let more = request.headers["x-more"] {
                let parts = more.split(separator: ":").map(String.init)
                response.headers.append(parts[0], parts[1])
            }
            return response
        }

        func refuse(_ head: HTTPRequestHead) -> HTTPResponse? {
            head.path == "/refused" ? HTTPResponse(status: .notFound) : nil
        }

        func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse {
            HTTPResponse(status: error.status)
        }
    }

    private static let limit = 100_000
    private let application = ContentCodingApplication(Echo(), maxBodySize: Self.limit)

    private func send(
        _ body: [UInt8], method: HTTPMethod = .post, path: String = "/echo", headers: HTTPFields = [:]
    ) async -> HTTPResponse {
        let head = HTTPRequestHead(
            method: method, target: path, path: path, headers: headers, framing: .length(body.count))
        if let refusal = application.refuse(head) { return refusal }
        return await application.respond(to: HTTPRequest(head: head, body: body))
    }

    private static let text = Array(String(repeating: "0.123456,", count: 300).utf8)
    /// Made with Python 3: `zlib.compress(b"hello hello hello", 9)`.
    private static let zlib: [UInt8] = [
        0x78, 0xDA, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90, 0x00, 0x3A, 0x2E, 0x06, 0x7D,
    ]

    @Test("Compressed bodies arrive as they were", arguments: ["gzip", "x-gzip", "GZIP", "identity, gzip", " gzip ,"])
    func gzipRequests(coding: String) async throws {
        let body = try #require(Deflater.deflate(Self.text, level: 6))
        let response = await send(body, headers: ["Content-Encoding": coding])
        #expect(
            response
                == HTTPResponse(
                    status: .ok,
                    headers: [
                        "Content-Type": "application/json", "Vary": "Accept-Encoding",
                    ], body: Self.text))
    }

    @Test("deflate means the wrapper of zlib, and no coding means none")
    func otherRequests() async throws {
        #expect(await send(Self.zlib, headers: ["Content-Encoding": "deflate"]).body == Array("hello hello hello".utf8))
        #expect(await send([1, 2], headers: ["Content-Encoding": "identity"]).body == [1, 2])
        #expect(await send([1, 2], headers: ["Content-Encoding": ""]).body == [1, 2])
    }

    @Test(
        "Other codings, and several of them, are refused before the body with those that are read",
        arguments: ["br", "zstd", "compress", "gzip, gzip", "deflate, gzip", "gzip;q=1", "\"gzip\"", "aes128gcm"])
    func unsupported(coding: String) async throws {
        let head = HTTPRequestHead(
            method: .post, target: "/echo", path: "/echo", headers: ["Content-Encoding": coding], framing: .length(1))
        let refusal = try #require(application.refuse(head))
        #expect(refusal.status == .unsupportedMediaType)
        #expect(refusal.headers["Accept-Encoding"] == "gzip, deflate")
        #expect(try refusal.errorAnswer().error.hasSuffix("not with Content-Encoding: \(coding)"))
        // What the application refuses comes first.
        #expect(await send([1], path: "/refused", headers: ["Content-Encoding": coding]).status == .notFound)
    }

    @Test("Two fields are a list of two codings")
    func twoFields() async {
        let response = await send([1], headers: ["Content-Encoding": "gzip", "content-encoding": "gzip"])
        #expect(response.status == .unsupportedMediaType)
    }

    @Test("Damaged bodies are refused with 400, those over the limit with 413")
    func refusedBodies() async throws {
        let whole = try #require(Deflater.deflate(Self.text, level: 6))
        func status(_ body: [UInt8]) async -> Int {
            await send(body, headers: ["Content-Encoding": "gzip"]).status.code
        }
        #expect(await status([]) == 400)
        #expect(await status(Self.text) == 400)
        #expect(await status(Array(whole.dropLast())) == 400)
        #expect(await status(whole + [0]) == 400)
        #expect(await status(Self.zlib) == 400)
        let limit = try #require(Deflater.deflate([UInt8](repeating: 65, count: Self.limit), level: 6))
        let over = try #require(Deflater.deflate([UInt8](repeating: 65, count: Self.limit + 1), level: 6))
        let bomb = try #require(Deflater.deflate([UInt8](repeating: 0, count: 10_000_000), level: 6))
        #expect(await status(limit) == 200)
        #expect(await status(over) == 413)
        #expect(await status(bomb) == 413)
        let answer = try await send(bomb, headers: ["Content-Encoding": "gzip"]).errorAnswer()
        #expect(
            answer == ErrorAnswer(error: "the body: inflated data is larger than 100000 bytes", error_type: "Request"))
    }

    @Test(
        "Answers are compressed where the client prefers it",
        arguments: [
            (nil, false), ("", false), ("gzip", true), ("GZip", true), ("x-gzip", true), ("*", true), ("br", false),
            ("br, gzip", true), ("gzip;q=0", false), ("gzip;q=0.0", false), ("gzip;q=0.001", true),
            ("gzip;Q=0.5", true), ("gzip ; q=0.5", true), ("gzip;q=1.000", true), ("identity", false),
            ("identity;q=0", false), ("identity;q=0, gzip", true), ("identity;q=1, gzip;q=0.5", false),
            ("identity;q=0.5, gzip;q=0.5", true), ("*;q=0", false), ("*;q=0, gzip", true), ("gzip;q=0, *", false),
            ("*;q=0.5, identity", false), ("gzip;q=2", false), ("gzip;q=1.001", false), ("gzip;q=0.1234", false),
            ("gzip;q=", false), ("gzip;q=.5", false), ("gzip;q=-1", false), ("gzip;a=b", false),
            ("gzip;q=1;a=b", false),
            ("gzipped", false), (", ,gzip", true), ("gzip, deflate, br, zstd", true),
        ] as [(String?, Bool)])
    func preference(accepted: String?, isCompressed: Bool) async throws {
        var headers: HTTPFields = [:]
        if let accepted { headers["Accept-Encoding"] = accepted }
        let response = await send(Self.text, headers: headers)
        #expect(response.headers["Vary"] == "Accept-Encoding")
        #expect(response.headers["Content-Encoding"] == (isCompressed ? "gzip" : nil))
        let body =
            isCompressed
            ? try Inflater.inflate(response.body, format: .gzip, limits: InflateLimits(maxSize: Self.limit))
            : response.body
        #expect(body == Self.text)
    }

    @Test("Small answers, events, pictures, and what is coded already are left alone")
    func leftAlone() async throws {
        let gzip: HTTPFields = ["Accept-Encoding": "gzip"]
        func coding(_ body: [UInt8], _ name: String = "x-none", _ value: String = "") async -> String? {
            var headers = gzip
            headers[name] = value
            return await send(body, headers: headers).headers["Content-Encoding"]
        }
        #expect(await coding(Array(Self.text.prefix(1024))) == "gzip")
        #expect(await coding(Array(Self.text.prefix(1023))) == nil)
        #expect(await send([], headers: gzip).headers["Vary"] == nil)
        #expect(await coding(Self.text, "x-type", "text/plain; charset=utf-8") == "gzip")
        #expect(await coding(Self.text, "x-type", "text/event-stream") == nil)
        #expect(await coding(Self.text, "x-type", "image/png") == nil)
        #expect(await coding(Self.text, "x-more", "Cache-Control:no-transform") == nil)
        #expect(await coding(Self.text, "x-more", "Content-Encoding:br") == "br")
        // A client that takes nothing else gets it whatever the size.
        #expect(
            await send([65, 66], headers: ["Accept-Encoding": "gzip, identity;q=0"]).headers["Content-Encoding"]
                == "gzip")
    }

    @Test("Vary is there once")
    func vary() async {
        for (given, expected) in [
            ("Origin", ["Origin", "Accept-Encoding"]), ("Accept-Encoding", ["Accept-Encoding"]), ("*", ["*"]),
        ] {
            let response = await send(Self.text, headers: ["x-more": "Vary:\(given)"])
            #expect(response.headers.values(of: "vary") == expected)
        }
    }

    @Test("HEAD tells the length that GET has")
    func head() async {
        let headers: HTTPFields = ["Accept-Encoding": "gzip"]
        #expect(
            await send(Self.text, method: .head, headers: headers) == send(Self.text, method: .get, headers: headers))
    }

    @Test("Many large bodies at once all arrive")
    func concurrency() async throws {
        var generator = SeededGenerator(seed: 1)
        let text = (0..<Self.limit).map { _ in UInt8.random(in: 0x30...0x39, using: &generator) }
        let body = try #require(Deflater.deflate(text, level: 1))
        await withTaskGroup(of: HTTPResponse.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    await send(body, headers: ["Content-Encoding": "gzip", "Accept-Encoding": "gzip"])
                }
            }
            for await response in group {
                // Beyond those that may wait they come as they are.
                #expect(response.body == (response.headers["Content-Encoding"] == "gzip" ? body : text))
            }
        }
    }

    @Test("A compressed request to a route is answered as the plain one is")
    func route() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = Array(#"{"inputs": "hello"}"#.utf8)
            let compressed = try #require(Deflater.deflate(body, level: 6))
            let headers: HTTPFields = ["Content-Type": "application/json", "Content-Encoding": "gzip"]
            let answer = try await fixture.send(.post, "/embed", headers: headers, compressed).decoded([[Float]].self)
            #expect(try await answer == fixture.embed(#"{"inputs": "hello"}"#))
        }
    }
}
