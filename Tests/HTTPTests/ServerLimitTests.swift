import Confinement
import Foundation
import Glibc
import HTTP
import TestSupport
import Testing

/// Counts events by what they are.
private final class EventLog: HTTPObserver {
    private let events = Confined<[HTTPServerEvent]>([])

    func observe(_ event: HTTPServerEvent) {
        events.withState { $0.append(event) }
    }

    func count(_ isMeant: @Sendable @escaping (HTTPServerEvent) -> Bool) -> Int {
        events.withState { $0.count(where: isMeant) }
    }
}

private let get = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

@Suite("What bounds connections", .timeLimit(.minutes(2)))
struct ServerLimitTests {
    @Test("The last request that a connection may carry closes it")
    func requestsPerConnection() {
        var limits = HTTPLimits()
        limits.maxRequestsPerConnection = 2
        var connection = ConnectionScript(limits: limits)
        _ = connection.on(.opened)
        _ = connection.receive(get + get + get)
        #expect(connection.answer() == ["send 200 implicit"])
        #expect(connection.on(.writeFinished) == ["handle GET /a"])
        #expect(connection.answer() == ["send 200 close"])
        #expect(connection.on(.writeFinished) == ["fin"])
    }

    @Test(
        "A body that does not fit what the server may hold is refused with 503, whatever tells its length",
        arguments: [
            "Content-Length: 11\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n",
            "Transfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n6\r\n012345",
        ])
    func budget(rest: String) {
        let budget = ByteBudget(limit: 10)
        var connection = ConnectionScript(budget: budget)
        _ = connection.on(.opened)
        #expect(connection.receive("POST /a HTTP/1.1\r\nHost: a\r\n" + rest) == ["send 503 close"])
        #expect(connection.on(.writeFinished) == ["fin"])
        #expect(budget.byteCount == 0)
    }

    @Test("What a request and its response hold is given back, once the client has it or the connection ends")
    func budgetIsGivenBack() {
        let budget = ByteBudget(limit: 100)
        let post = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        var first = ConnectionScript(budget: budget)
        _ = first.on(.opened)
        _ = first.receive(post + "hello")
        #expect(budget.byteCount == 5)
        _ = first.answer()
        #expect(budget.byteCount == 5 + "POST /a hello".utf8.count)
        // What the client has taken is not held any more.
        _ = first.on(.writeProgressed(10))
        #expect(budget.byteCount == "POST /a hello".utf8.count - 5)
        _ = first.on(.writeFinished)
        #expect(budget.byteCount == 0)
        var second = ConnectionScript(budget: budget)
        _ = second.on(.opened)
        _ = second.receive(post + "he")
        #expect(budget.byteCount == 5)
        _ = second.on(.failed)
        #expect(budget.byteCount == 0)
    }

    @Test("A peer over its limit is told so with 429")
    func connectionsOfPeer() async throws {
        var limits = HTTPLimits()
        limits.maxConnectionsPerPeer = 1
        let log = EventLog()
        try await withServer(limits: limits, observer: log) { server in
            let refusal = await answerToSecondConnection(port: server.address.port)
            #expect(refusal.hasPrefix("HTTP/1.1 429 Too Many Requests\r\n"))
            #expect(refusal.contains("\r\nRetry-After: 1\r\n"))
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(log.count { $0 == .opened } == 1)
        #expect(log.count { $0 == .refused(.tooManyConnectionsOfPeer(limit: 1)) } == 1)
        #expect(log.count { $0 == .closed } == 1)
    }

    @Test("The limits of a table of connections", arguments: [("a", true), ("b", false), (nil, false)])
    func peers(peer: String?, isRefused: Bool) {
        var limits = HTTPLimits()
        limits.maxConnectionsPerPeer = 2
        var counts = ConnectionCounts(limits: limits)
        counts.open("a")
        counts.open("a")
        #expect((counts.refusal(of: peer) != nil) == isRefused)
        counts.close("a")
        #expect(counts.refusal(of: peer) == nil)
    }

    @Test("A Unix socket serves, belongs to its owner's group, and goes with its listener")
    func unixSocket() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        // Another server was killed here.
        let leftOver = try Listener(unixPath: path + "2")
        #expect(rename(path + "2", path) == 0)
        await leftOver.close()
        let server = try HTTPServer(listeners: [Listener(unixPath: path)], handler: TestHandler())
        server.start()
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        #expect("\(server.address)" == "unix:\(path)")
        let answer = await onThread {
            let client = TestClient(unixPath: path)
            defer { client.close() }
            client.send(get)
            return client.receive(through: "GET /a ")
        }
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(throws: ListenerError.systemCall("bind", address: "unix:\(path)", code: EADDRINUSE)) {
            try Listener(unixPath: path)
        }
        await server.shutdown(deadline: .zero)
        #expect(lstat(path, &status) != 0)
    }

    @Test(
        "A path that no Unix socket can have is refused", arguments: ["", String(repeating: "x", count: 108), "a\0b"])
    func unixPaths(path: String) {
        #expect(throws: ListenerError.invalidPath(path, limit: 107)) { try Listener(unixPath: path) }
    }

    @Test("Events tell of bytes and of clients that went away in the middle of a request")
    func events() async throws {
        let log = EventLog()
        let head = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
        // The client is the one to end it, however long a loaded machine lets it wait.
        var limits = HTTPLimits()
        limits.bodyTimeout = .seconds(3600)
        limits.bodyTotalTimeout = .seconds(3600)
        limits.minBodyRate = 0
        try await withServer(limits: limits, observer: log) { server in
            let client = TestClient(port: server.address.port)
            client.send(head)
            while log.count({ $0 == .received(head.utf8.count) }) == 0 { try await Task.sleep(for: .milliseconds(1)) }
            client.reset()
            while server.connectionCount > 0 { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(
            log.count {
                if case .incomplete(let head) = $0 { head.path == "/a" && head.peer == "127.0.0.1" } else { false }
            } == 1)
    }
}
