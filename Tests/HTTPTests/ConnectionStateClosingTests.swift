import HTTP
import Testing

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
private let postHead = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"

@Suite("ConnectionState: times and ends")
struct ConnectionStateClosingTests {
    private func opened(limits: HTTPLimits = HTTPLimits()) -> ConnectionScript {
        var connection = ConnectionScript(limits: limits)
        _ = connection.on(.opened)
        return connection
    }

    // MARK: Times

    @Test("An idle connection is closed without a word")
    func idleTimeout() {
        var connection = opened()
        #expect(connection.wait(.seconds(59)) == [])
        #expect(connection.wait(.seconds(1)) == ["report timedOut(idle)", "close"])
    }

    @Test("The idle time begins anew after a response")
    func idleAfterResponse() {
        var connection = opened()
        _ = connection.wait(.seconds(50))
        _ = connection.receive(get)
        _ = connection.answer()
        _ = connection.on(.writeFinished)
        #expect(connection.wait(.seconds(59)) == [])
        #expect(connection.wait(.seconds(1)) == ["report timedOut(idle)", "close"])
    }

    @Test("A head that trickles in has its time in all")
    func headTimeout() {
        var connection = opened()
        for byte in ["G", "E", "T", " ", "/"] {
            #expect(connection.receive(byte) == [])
            #expect(connection.wait(.milliseconds(1900)) == [])
        }
        #expect(connection.wait(.milliseconds(500)) == ["send 408 close"])
    }

    @Test("A body may not pause for long")
    func bodyTimeout() {
        var limits = HTTPLimits()
        limits.minBodyRate = 0
        var connection = opened(limits: limits)
        _ = connection.receive(postHead)
        #expect(connection.wait(.seconds(29)) == [])
        #expect(connection.receive("x") == [])
        #expect(connection.wait(.seconds(29)) == [])
        #expect(connection.wait(.seconds(1)) == ["send 408 close"])
    }

    @Test("A body that trickles in has its time in all")
    func bodyTotalTimeout() {
        var limits = HTTPLimits()
        limits.minBodyRate = 0
        var connection = opened(limits: limits)
        _ = connection.receive(postHead)
        for _ in 0..<14 {
            _ = connection.receive("x")
            #expect(connection.wait(.seconds(20)) == [])
        }
        _ = connection.receive("x")
        #expect(connection.wait(.seconds(20)) == ["send 408 close"])
    }

    @Test("A body that comes too slowly on the whole is given up, though it never pauses")
    func bodyRate() {
        var limits = HTTPLimits()
        (limits.bodyGrace, limits.minBodyRate) = (.seconds(10), 2)
        var connection = opened(limits: limits)
        _ = connection.receive(postHead)
        var seconds = 0
        while connection.receive("x") == [] {
            seconds += 1
            if connection.wait(.seconds(1)) == ["send 408 close"] { break }
        }
        // At one byte a second the body has 10 seconds, and half a second for each byte of it.
        #expect(seconds == 20)
    }

    @Test("A client that takes too little of a response is dropped, though it never stops")
    func writeRate() {
        var limits = HTTPLimits()
        (limits.writeTimeout, limits.minWriteRate) = (.seconds(10), 2)
        var connection = opened(limits: limits)
        _ = connection.receive(get)
        _ = connection.answer()
        var seconds = 0
        while seconds < 100 {
            _ = connection.on(.writeProgressed(1))
            if connection.wait(.seconds(1)) != [] { break }
            seconds += 1
        }
        #expect(seconds == 19)
    }

    @Test("A client has its time for the whole of a response, at whatever rate")
    func writeTotalTimeout() {
        var limits = HTTPLimits()
        limits.minWriteRate = 0
        var connection = opened(limits: limits)
        _ = connection.receive(get)
        _ = connection.answer()
        var seconds = 0
        while seconds < 1000 {
            _ = connection.on(.writeProgressed(1))
            if connection.wait(.seconds(10)) != [] { break }
            seconds += 10
        }
        #expect(seconds == 290)
    }

    @Test("A handler has the time that it takes")
    func handlerHasNoTimeout() {
        var connection = opened()
        _ = connection.receive(get)
        #expect(connection.state.deadline == nil)
        #expect(connection.wait(.seconds(100_000)) == [])
        #expect(connection.answer() == ["send 200 implicit"])
    }

    @Test("A client that takes nothing of its response is dropped, one that takes some is not")
    func writeTimeout() {
        var connection = opened()
        _ = connection.receive(get)
        _ = connection.answer()
        #expect(connection.wait(.seconds(29)) == [])
        #expect(connection.on(.writeProgressed(100_000)) == [])
        #expect(connection.wait(.seconds(29)) == [])
        #expect(connection.wait(.seconds(1)) == ["report timedOut(write)", "report unread", "close"])
    }

    @Test("A closing connection waits for its client, but not for long")
    func lingerTimeout() {
        var connection = opened()
        _ = connection.receive("x\r\n")
        #expect(connection.on(.writeFinished) == ["fin"])
        for _ in 0..<9 {
            #expect(connection.wait(.seconds(1)) == [])
            #expect(connection.receive("x") == [])
        }
        #expect(connection.wait(.seconds(1)) == ["close"])
    }

    @Test("A closing connection reads a bounded amount")
    func lingerSize() {
        var limits = HTTPLimits()
        limits.maxLingerSize = 10
        var connection = opened(limits: limits)
        _ = connection.receive("x\r\n")
        #expect(connection.on(.writeFinished) == ["fin"])
        #expect(connection.receive("0123456789") == [])
        #expect(connection.receive("0") == ["close"])
    }

    // MARK: Ends

    @Test("The end of stream between requests closes")
    func endWhileIdle() {
        var connection = opened()
        #expect(connection.on(.receivedEndOfStream) == ["close"])
    }

    @Test("The end of stream inside a request is answered with 400", arguments: ["GET / HT", postHead, postHead + "x"])
    func endInsideRequest(text: String) {
        var connection = opened()
        _ = connection.receive(text)
        #expect(connection.on(.receivedEndOfStream) == ["send 400 close"])
        #expect(connection.on(.writeFinished) == ["close"])
    }

    @Test("A half-closed client is probed while it waits, and gets its answer")
    func halfClosedClient() {
        var connection = opened()
        #expect(connection.receive(get) == ["handle GET /"])
        #expect(connection.on(.receivedEndOfStream) == ["continue"])
        #expect(!connection.state.wantsToRead)
        #expect(connection.on(.writeFinished) == [])
        #expect(connection.wait(.milliseconds(49)) == [])
        #expect(connection.wait(.milliseconds(1)) == ["continue"])
        #expect(connection.wait(.milliseconds(99)) == [])
        #expect(connection.wait(.milliseconds(1)) == ["continue"])
        #expect(connection.wait(.seconds(60)).count == 15)
        #expect(connection.answer() == ["send 200 close"])
        #expect(connection.on(.writeFinished) == ["close"])
    }

    @Test("A half-closed client of HTTP/1.0 is not probed")
    func halfClosedOldClient() {
        var connection = opened()
        _ = connection.receive("GET / HTTP/1.0\r\n\r\n")
        #expect(connection.on(.receivedEndOfStream) == [])
        #expect(connection.state.deadline == nil)
        #expect(connection.answer() == ["send 200 close"])
    }

    @Test("All pipelined requests of a half-closed client are answered, the last one with close")
    func halfClosedPipelining() {
        var connection = opened()
        #expect(connection.receive(get + get) == ["handle GET /"])
        #expect(connection.on(.receivedEndOfStream) == ["continue"])
        #expect(connection.answer() == ["send 200 implicit"])
        #expect(connection.on(.writeFinished) == ["handle GET /", "continue"])
        #expect(connection.answer() == ["send 200 close"])
        #expect(connection.on(.writeFinished) == ["close"])
    }

    @Test("A broken connection cancels its handler, whose answer is dropped")
    func failureCancels() {
        var connection = opened()
        _ = connection.receive(get)
        _ = connection.on(.receivedEndOfStream)
        #expect(connection.on(.failed) == ["cancel", "close"])
        #expect(connection.answer() == [])
        #expect(connection.on(.timerFired) == [])
        #expect(!connection.state.wantsToRead)
    }

    // MARK: Shutdown

    @Test("A shutdown closes an idle connection at once")
    func shutdownIdle() {
        var connection = opened()
        #expect(connection.on(.shutdown) == ["close"])
    }

    @Test("A shutdown lets a request finish that is being read or handled")
    func shutdownInFlight() {
        var connection = opened()
        _ = connection.receive(postHead)
        #expect(connection.on(.shutdown) == [])
        #expect(connection.receive(String(repeating: "x", count: 100)).count == 1)
        #expect(connection.answer() == ["send 200 close"])
        #expect(connection.on(.writeFinished) == ["fin"])
        #expect(connection.on(.receivedEndOfStream) == ["close"])
    }

    @Test("A shutdown during a response closes after it")
    func shutdownWhileWriting() {
        var connection = opened()
        _ = connection.receive(get)
        #expect(connection.answer() == ["send 200 implicit"])
        #expect(connection.on(.shutdown) == [])
        #expect(connection.on(.writeFinished) == ["fin"])
    }

    @Test("An abort cancels and closes")
    func abort() {
        var connection = opened()
        _ = connection.receive(get)
        _ = connection.on(.shutdown)
        #expect(connection.on(.abort) == ["cancel", "close"])
        #expect(connection.on(.abort) == [])
    }
}
