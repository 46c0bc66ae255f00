import Confinement
import Foundation
import HTTP
import TestSupport
import Testing

/// Answers at once: `/slow` after a millisecond of the connection's queue, `/new` with how many of those there were.
private final class CountingHandler: HTTPHandler {
    private let slowCount = Confined(0)

    var count: Int { slowCount.withState { $0 } }

    func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        guard request.path == "/slow" else { return HTTPResponse(status: .ok, body: Array("\(count)!".utf8)) }
        usleep(1000)
        slowCount.withState { $0 += 1 }
        return HTTPResponse(status: .ok)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse { HTTPResponse(status: .internalServerError) }

    func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { nil }

    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse { HTTPResponse(status: error.status) }
}

@Suite("Turns of connections", .timeLimit(.minutes(2)))
struct FairnessTests {
    @Test("A client that has sent thousands of requests does not keep new ones waiting until they are answered")
    func pipelining() async throws {
        let (connections, requests) = (4, 2000)
        let handler = CountingHandler()
        try await withServer(handler: handler) { server in
            let port = server.address.port
            let clients = (0..<connections).map { _ in TestClient(port: port) }
            let answers = clients.map { client in
                Task {
                    await onThread {
                        client.send(String(repeating: "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n", count: requests - 1))
                        client.send("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                        return client.receiveAll()
                    }
                }
            }
            while handler.count == 0 { await Task.yield() }
            let before = await onThread {
                (0..<connections).map { _ in
                    let client = TestClient(port: port)
                    defer { client.close() }
                    client.send("GET /new HTTP/1.1\r\nHost: a\r\n\r\n")
                    let answer = client.receive(through: "!")
                    return Int(answer.dropLast().components(separatedBy: "\r\n\r\n").last ?? "") ?? .max
                }
            }
            // With the requests of one connection in a row, each loop would answer all of its own first.
            for count in before { #expect(count < connections * requests / 2) }
            for answer in answers {
                #expect(await answer.value.components(separatedBy: "HTTP/1.1 200").count == requests + 1)
            }
            for client in clients { client.close() }
        }
    }
}
