import Foundation
import HTTP
import TestSupport
import Testing

/// Drives a connection as a socket would that is never slow: every answer is written at once.
struct DrivenConnection {
    private(set) var state: ConnectionState
    /// Those of all final answers.
    private(set) var statuses: [Int] = []
    /// Whether the server has ended its side.
    private(set) var hasClosed = false
    /// Requests that reached the handler.
    private(set) var handledCount = 0

    init(limits: HTTPLimits = HTTPLimits()) {
        state = ConnectionState(limits: limits, handler: TestHandler())
        perform([.opened])
    }

    mutating func receive(_ bytes: [UInt8]) { perform([.received(bytes)]) }

    mutating func receiveEnd() { perform([.receivedEndOfStream]) }

    private mutating func perform(_ events: [ConnectionState.Event]) {
        var events = events
        while !events.isEmpty {
            for action in state.handle(events.removeFirst(), at: .now) {
                switch action {
                case .send(let response, _):
                    precondition(!hasClosed, "an answer after the end")
                    statuses.append(response.status.code)
                    events.append(.writeFinished)
                case .startHandler(let request):
                    handledCount += 1
                    events.append(.handlerFinished(TestHandler.answer(to: request)))
                case .finishWriting, .close: hasClosed = true
                case .startStream, .finishStream: preconditionFailure("TestHandler has no streams")
                case .sendContinue, .cancelHandler, .report: break
                }
            }
        }
    }
}

@Suite("Hostile requests")
struct HostileVectorTests {
    static let vectors = acceptedVectors + unfinishedVectors + refusedVectors

    @Test("There are many of them, each once")
    func count() {
        #expect(Self.vectors.count >= 150)
        #expect(Set(Self.vectors.map(\.testDescription)).count == Self.vectors.count)
    }

    @Test("A connection gives the answers and has the end that it must, however the bytes arrive", arguments: vectors)
    func connection(_ vector: RequestVector) {
        let bytes = vector.bytes
        for slice in [max(1, bytes.count), max(1, (bytes.count + 1) / 2), 7, 1] {
            var connection = DrivenConnection()
            for start in stride(from: 0, to: bytes.count, by: slice) {
                connection.receive(Array(bytes[start..<min(bytes.count, start + slice)]))
            }
            #expect(connection.hasClosed == (vector.ending == .closes), "slices of \(slice)")
            if vector.ending == .waits {
                #expect(connection.statuses == vector.statuses.dropLast(), "slices of \(slice)")
            }
            connection.receiveEnd()
            #expect(connection.statuses == vector.statuses, "slices of \(slice)")
            #expect(connection.hasClosed)
        }
    }

    @Test("A server gives the same answers over a socket, and serves the next client", .timeLimit(.minutes(2)))
    func socket() async throws {
        try await withServer { server in
            let port = server.address.port
            let outcomes = await onThread { Self.vectors.map { Self.exchange($0, port: port) } }
            for (vector, outcome) in zip(Self.vectors, outcomes) {
                #expect(outcome.statuses == vector.statuses + (vector.ending == .keeps ? [200] : []), "\(vector)")
                #expect(outcome.wasClosed == (vector.ending == .closes), "\(vector)")
            }
        }
    }

    /// Sends a vector; then, where the connection should be kept, a last request, and where it should wait, the end.
    ///
    /// - Returns: the statuses of all answers, and whether the server closed before it was asked to.
    private static func exchange(_ vector: RequestVector, port: Int) -> (statuses: [Int], wasClosed: Bool) {
        let client = TestClient(port: port)
        defer { client.close() }
        client.send(vector.bytes)
        switch vector.ending {
        case .keeps: client.send("GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        case .waits: client.finishSending()
        case .closes: break
        }
        let text = client.receiveAll()
        // An error may quote a status line, but no Date follows that.
        let statuses = text.matches(of: #/HTTP/1\.1 (\d{3}) [A-Za-z\- ]+\s+Date:/#).compactMap { Int($0.1) }
        return (statuses, vector.ending == .closes && text.contains("Connection: close"))
    }
}

@Suite("ConnectionState, fuzzed")
struct ConnectionStateFuzzTests {
    @Test("Damaged streams of requests give the same answers however they arrive, and none after the end")
    func damagedStreams() {
        let factor = ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1
        let seeds = HostileVectorTests.vectors.map(\.bytes).filter { $0.count < 500 }
        var mutator = Mutator(seed: 11)
        var generator = SeededGenerator(seed: 12)
        var limits = HTTPLimits()
        limits.maxBodySize = 200
        limits.maxHeadSize = 300
        limits.maxRequestLineLength = 100
        limits.maxHeaderCount = 10
        var refusals = 0
        for round in 0..<(20_000 * factor) {
            var bytes = mutator.mutate(seeds[round % seeds.count])
            if round % 3 == 0 { bytes = seeds[Int.random(in: 0..<seeds.count, using: &generator)] + bytes }
            var whole = DrivenConnection(limits: limits)
            whole.receive(bytes)
            whole.receiveEnd()
            var sliced = DrivenConnection(limits: limits)
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...60, using: &generator))
                sliced.receive(Array(bytes[start..<end]))
                start = end
            }
            sliced.receiveEnd()
            #expect(sliced.statuses == whole.statuses, "round \(round): \(bytes)")
            #expect(whole.hasClosed && sliced.hasClosed, "round \(round)")
            #expect(whole.handledCount <= whole.statuses.count, "round \(round)")
            if whole.statuses.contains(where: { $0 >= 400 }) { refusals += 1 }
        }
        #expect(refusals > 10_000 * factor)
    }
}
