import HTTP
import Testing

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("ConnectionState")
struct ConnectionStateTests {
    @Test("HTTP/1.1 keeps the connection for the next request")
    func keepAlive() {
        var connection = ConnectionScript()
        #expect(connection.on(.opened) == [])
        for _ in 0..<3 {
            #expect(connection.receive(get) == ["handle GET /"])
            #expect(connection.answer() == ["send 200 implicit"])
            #expect(connection.on(.writeFinished) == [])
        }
    }

    @Test(
        "Version and Connection decide whether the connection is kept",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "send 200 implicit"),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "send 200 close"),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", "send 200 close"),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", "send 200 close"),
            ("GET / HTTP/1.0\r\n\r\n", "send 200 close"),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "send 200 keepAlive"),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", "send 200 close"),
            ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "send 200 implicit without body"),
        ])
    func persistence(request: String, action: String) {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive(request)
        #expect(connection.answer() == [action])
        #expect(connection.on(.writeFinished) == (action.contains("close") ? ["fin"] : []))
    }

    @Test("A response that says close closes")
    func closingResponse() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        _ = connection.receive(get)
        let response = HTTPResponse(status: .ok, headers: ["connection": "Close"])
        #expect(connection.on(.handlerFinished(response)) == ["send 200 close"])
    }

    @Test("Pipelined requests are answered in order, one at a time")
    func pipelining() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        let second = "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        #expect(
            connection.receive(get + second + "GET /refused HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n") == [
                "handle GET /"
            ])
        #expect(connection.answer() == ["send 200 implicit"])
        #expect(connection.on(.writeFinished) == ["handle POST /b hi"])
        #expect(connection.answer() == ["send 200 implicit"])
        #expect(connection.on(.writeFinished) == ["send 415 implicit"])
        #expect(connection.on(.writeFinished) == ["send 400 close"])
        #expect(connection.on(.writeFinished) == ["fin"])
    }

    @Test("Reading stops when pipelined requests fill the buffer, and goes on when they are read")
    func pipeliningIsBounded() {
        var limits = HTTPLimits()
        limits.maxPipelinedSize = 2 * get.utf8.count
        var connection = ConnectionScript(limits: limits)
        _ = connection.on(.opened)
        _ = connection.receive(get + get)
        #expect(connection.state.wantsToRead)
        _ = connection.receive(get)
        #expect(!connection.state.wantsToRead)
        _ = connection.answer()
        #expect(!connection.state.wantsToRead)
        #expect(connection.on(.writeFinished) == ["handle GET /"])
        #expect(connection.state.wantsToRead)
    }

    @Test("A waiting client is told to continue when its head is accepted")
    func expectContinue() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        #expect(connection.receive(head) == ["continue"])
        #expect(connection.on(.writeFinished) == [])
        #expect(connection.receive("hi") == ["handle POST / hi"])
    }

    @Test(
        "No 100 where it is not waited for or not allowed",
        arguments: [
            ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nh", []),
            ("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n", ["handle POST /"]),
            ("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", []),
            (
                "POST /refused HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
                ["send 415 close"]
            ),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2000001\r\n\r\n",
                ["send 413 close"]
            ),
            ("POST / HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 2\r\n\r\n", ["send 417 close"]),
        ])
    func noContinue(request: String, actions: [String]) {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        #expect(connection.receive(request) == actions)
    }

    @Test("A refused body closes the connection, and what arrives of it is dropped")
    func refusedBody() {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        #expect(
            connection.receive("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n") == ["send 415 close"])
        #expect(connection.receive(get) == [])
        #expect(connection.on(.writeFinished) == ["fin"])
        #expect(connection.receive(get) == [])
        #expect(connection.state.wantsToRead)
        #expect(connection.on(.receivedEndOfStream) == ["close"])
        #expect(connection.state.deadline == nil)
    }

    @Test(
        "What the application refuses comes before what is wrong with the length",
        arguments: [
            ("POST /refused HTTP/1.1\r\nHost: a\r\n\r\n", "send 415 close"),
            ("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 2000001\r\n\r\n", "send 415 close"),
            ("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "send 415 implicit"),
            ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", "send 411 close"),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000001\r\n\r\n", "send 413 close"),
        ])
    func refusalBeforeLength(request: String, action: String) {
        var connection = ConnectionScript()
        _ = connection.on(.opened)
        #expect(connection.receive(request) == [action])
    }

    @Test("A connection over the limit is answered whatever it sends")
    func refusedConnection() {
        var connection = ConnectionScript(refusal: .tooManyConnections(limit: 1))
        #expect(connection.on(.opened) == ["send 503 close"])
        #expect(connection.receive(get) == [])
        #expect(connection.on(.writeFinished) == ["fin"])
    }

    @Test("An error response has the fields that its status calls for")
    func requiredHeaders() {
        var state = ConnectionState(
            limits: HTTPLimits(), handler: TestHandler(), refusal: .tooManyConnections(limit: 1))
        guard case .send(let response, _)? = state.handle(.opened, at: .now).first else {
            Issue.record("nothing is sent")
            return
        }
        #expect(response.headers["retry-after"] == "1")
    }
}
