import Foundation
import TLS
import TestSupport
import Testing

@Suite("TLSSession, fuzzed")
struct TLSFuzzTests {
    private let context: TLSContext
    private let authority: String
    private let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates()
        try certificates.add("server", .init(name: "localhost"))
        authority = certificates.path("authority.pem")
        context = try TLSContext(
            TLSFiles(
                certificate: certificates.path("server.pem"), key: certificates.path("server.key"),
                clients: .optional(authorities: authority)))
    }

    private var factor: Int { ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap(Int.init) ?? 1 }

    /// Feeds bytes in slices and reads; what was read, or the error.
    private func outcome(
        _ server: TLSSession, _ bytes: [UInt8], _ generator: inout SeededGenerator
    ) -> Result<[UInt8], TLSError> {
        var received: [UInt8] = []
        var start = 0
        do throws(TLSError) {
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...400, using: &generator))
                try server.feed(Array(bytes[start..<end]))
                received += try server.read()
                start = end
            }
        } catch {
            return .failure(error)
        }
        return .success(received)
    }

    @Test("Damaged handshakes end or wait, and never give data")
    func handshakes() throws {
        var mutator = Mutator(seed: 4)
        var generator = SeededGenerator(seed: 5)
        var failures = 0
        for round in 0..<(1500 * factor) {
            let peer = try TestPeer(
                .init(newestVersion: round % 2 == 0 ? 0x0304 : 0x0303), authority: authority)
            let server = try TLSSession(context)
            peer.shakeHands()
            // Either the client's first flight is damaged or its second.
            if round % 4 >= 2 {
                try server.feed(peer.takeOutput())
                #expect(try server.read() == [])
                peer.feed(server.takeOutput())
                peer.shakeHands()
            }
            let flight = mutator.mutate(peer.takeOutput())
            switch outcome(server, flight, &generator) {
            case .failure: failures += 1
            case .success(let data): #expect(data == [])
            }
            _ = server.takeOutput()
        }
        #expect(failures > 700 * factor)
    }

    @Test("Damaged data is never taken for data")
    func records() throws {
        var mutator = Mutator(seed: 6)
        var generator = SeededGenerator(seed: 7)
        var failures = 0
        for round in 0..<(400 * factor) {
            let peer = try TestPeer(.init(newestVersion: round % 2 == 0 ? 0x0304 : 0x0303), authority: authority)
            let server = try TLSSession(context)
            try peer.exchange(with: server)
            let data = Array("some data that is longer than an alert".utf8)
            peer.write(data)
            let sent = peer.takeOutput()
            switch outcome(server, mutator.mutate(sent), &generator) {
            case .failure: failures += 1
            // What was cut off or stands behind the whole record leaves it what it was.
            case .success(let received): #expect([[], data].contains(received), "round \(round)")
            }
        }
        #expect(failures > 150 * factor)
    }

    @Test("Random bytes are refused or wait for more")
    func randomBytes() throws {
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<(2000 * factor) {
            let server = try TLSSession(context)
            var bytes = (0..<300).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            // Half of them look like a record of a handshake.
            if Bool.random(using: &generator) { bytes.replaceSubrange(0..<5, with: [22, 3, 1, 0, 200]) }
            if case .success(let received) = outcome(server, bytes, &generator) { #expect(received == []) }
        }
    }
}
