import Confinement
import Foundation
import HTTP
import TestSupport
import Testing

/// Answers at once: `/slow` after a millisecond of the connection's queue, or as soon as the gate opens, `/new` with how many
/// of those there were.
private final class GatedHandler: HTTPHandler {
    private let slowCount = Confined(0)
    private let isOpen = Confined(false)

    var count: Int { slowCount.withState { $0 } }

    func open() { isOpen.withState { $0 = true } }

    func respondAtOnce(to request: HTTPRequest) -> HTTPResponse? {
        guard request.path == "/slow" else { return HTTPResponse(status: .ok, body: Array("\(count)!".utf8)) }
        slowCount.withState { $0 += 1 }
        repeat { usleep(1000) } while !isOpen.withState { $0 }
        return HTTPResponse(status: .ok)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse { HTTPResponse(status: .internalServerError) }

    func refuse(_ head: HTTPRequestHead) -> HTTPResponse? { nil }

    func response(to error: HTTPError, of head: HTTPRequestHead?) -> HTTPResponse { HTTPResponse(status: error.status) }
}

@Suite("Turns of connections", .timeLimit(.minutes(5)))
struct FairnessTests {
    @Test("A client that has sent thousands of requests does not keep others waiting until they are answered")
    func pipelining() async throws {
        let (connections, requests) = (4, 1000)
        let handler = GatedHandler()
        try await withServer(handler: handler) { server in
            let port = server.address.port
            let others = (0..<connections).map { _ in TestClient(port: port) }
            for client in others { _ = await onThread { Self.ask(client) } }
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
            while handler.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
            // What they ask has arrived before the gate opens: how loaded the machine is does not matter.
            for client in others { client.send("GET /new HTTP/1.1\r\nHost: a\r\n\r\n") }
            handler.open()
            let before = await onThread { others.map { Self.answer(of: $0) } }
            // With the requests of one connection in a row, each loop would answer all of its own first.
            for count in before { #expect(count < connections * requests / 2) }
            for answer in answers {
                #expect(await answer.value.components(separatedBy: "HTTP/1.1 200").count == requests + 1)
            }
            for client in clients + others { client.close() }
        }
    }

    private static func ask(_ client: TestClient) -> Int {
        client.send("GET /new HTTP/1.1\r\nHost: a\r\n\r\n")
        return answer(of: client)
    }

    /// How many slow requests were begun before the server answered.
    private static func answer(of client: TestClient) -> Int {
        let answer = client.receive(through: "!")
        return Int(answer.dropLast().components(separatedBy: "\r\n\r\n").last ?? "") ?? .max
    }
}
