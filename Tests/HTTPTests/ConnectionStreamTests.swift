import HTTP
import TestSupport
import Testing

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

private func streamed(_ produce: @escaping @Sendable (HTTPBodyWriter) async -> Void = { _ in }) -> HTTPResponse {
    HTTPResponse(status: .ok, stream: HTTPBodyStream(produce))
}

@Suite("ConnectionState: streams")
struct ConnectionStreamTests {
    @Test(
        "A stream is sent in chunks, or up to the connection's end",
        arguments: [
            (get, ["send 200 implicit", "stream in chunks"], []),
            (
                "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ["send 200 close", "stream in chunks"],
                ["fin"]
            ),
            ("GET /a HTTP/1.0\r\n\r\n", ["send 200 close", "stream"], ["fin"]),
            ("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ["send 200 close", "stream"], ["fin"]),
        ])
    func framing(request: String, begin: [String], end: [String]) {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive(request)
        #expect(connection.on(.handlerFinished(streamed())) == begin)
        #expect(connection.on(.writeFinished) == [])
        #expect(connection.on(.streamFinished) == ["end of stream"])
        #expect(connection.on(.writeFinished) == end)
    }

    @Test("HEAD gets no stream")
    func head() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(connection.on(.handlerFinished(streamed())) == ["send 200 implicit without body"])
    }

    @Test("A stream may pause for as long as it likes, its client may not")
    func times() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive(get)
        _ = connection.on(.handlerFinished(streamed()))
        _ = connection.on(.writeFinished)
        #expect(connection.wait(.seconds(100_000)) == [])
        #expect(connection.on(.writeBlocked) == [])
        #expect(connection.wait(.seconds(29)) == [])
        #expect(connection.on(.writeFinished) == [])
        #expect(connection.wait(.seconds(100_000)) == [])
        _ = connection.on(.writeBlocked)
        #expect(connection.wait(.seconds(30)) == ["report timedOut(write)", "cancel", "close"])
    }

    @Test("The next request waits for the stream's end, and a broken connection cancels the stream")
    func pipelining() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive(get + get + get)
        _ = connection.on(.handlerFinished(streamed()))
        _ = connection.on(.writeFinished)
        #expect(connection.on(.streamFinished) == ["end of stream"])
        #expect(connection.on(.writeFinished) == ["handle GET /a"])
        _ = connection.on(.handlerFinished(streamed()))
        #expect(connection.on(.failed) == ["cancel", "close"])
    }

    @Test("Chunks are framed as RFC 9112, section 7.1, says")
    func chunks() {
        #expect(
            ResponseEncoder.chunk([UInt8](repeating: 0x78, count: 17))
                == Array("11\r\n\(String(repeating: "x", count: 17))\r\n".utf8))
        let head = ResponseEncoder.encode(streamed(), framing: ResponseFraming(), date: "now")
        #expect(
            String(decoding: head, as: UTF8.self)
                == "HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n")
        let old = ResponseEncoder.encode(
            streamed(), framing: ResponseFraming(connection: .close, isChunked: false), date: "now")
        #expect(String(decoding: old, as: UTF8.self) == "HTTP/1.1 200 OK\r\nDate: now\r\nConnection: close\r\n\r\n")
    }
}

/// Answers every request with a stream.
private struct StreamHandler: HTTPHandler {
    let produce: @Sendable (HTTPBodyWriter) async -> Void

    func respond(to request: HTTPRequest) async -> HTTPResponse { streamed(produce) }
    func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { nil }
    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse { HTTPResponse(status: error.status) }
}

@Suite("Streams on a real socket", .timeLimit(.minutes(2)))
struct LiveStreamTests {
    @Test(
        "Pieces arrive in order, each as a chunk",
        arguments: [("1.1", "3\r\nab0\r\n3\r\nab1\r\n0\r\n\r\n"), ("1.0", "ab0ab1")])
    func pieces(version: String, content: String) async throws {
        let handler = StreamHandler { writer in
            for index in 0..<2 { await writer.write(Array("ab\(index)".utf8)) }
        }
        try await withServer(handler: handler) { server in
            let port = server.address.port
            let answer = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                client.send("GET /a HTTP/\(version)\r\nHost: a\r\nConnection: close\r\n\r\n")
                return client.receiveAll()
            }
            #expect(answer.hasSuffix("\r\n\r\n" + content))
        }
    }

    @Test("A client that reads slowly holds the stream up")
    func backpressure() async throws {
        let (written, report) = AsyncStream.makeStream(of: Int.self)
        let handler = StreamHandler { writer in
            for index in 0..<256 {
                await writer.write([UInt8](repeating: 0x78, count: 100_000))
                report.yield(index)
            }
            report.finish()
        }
        try await withServer(handler: handler) { server in
            let client = TestClient(port: server.address.port, receiveBufferSize: 4096)
            defer { client.close() }
            client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            try await Task.sleep(for: .milliseconds(300))
            let bytes = await onThread { client.receiveAll().utf8.count }
            #expect(bytes > 25_600_000)
            var count = 0
            for await _ in written { count += 1 }
            #expect(count == 256)
        }
    }

    @Test("A client that goes away cancels the stream, and whoever writes goes on")
    func disconnect() async throws {
        let (ended, report) = AsyncStream.makeStream(of: Bool.self)
        let handler = StreamHandler { writer in
            while !Task.isCancelled { await writer.write([UInt8](repeating: 0x78, count: 100_000)) }
            report.yield(Task.isCancelled)
        }
        try await withServer(handler: handler) { server in
            let client = TestClient(port: server.address.port, receiveBufferSize: 4096)
            client.send(get)
            _ = await onThread { client.receive() }
            client.close()
            for await wasCancelled in ended {
                #expect(wasCancelled)
                break
            }
        }
    }
}
