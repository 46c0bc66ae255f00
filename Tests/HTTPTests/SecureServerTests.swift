import Confinement
import Foundation
import Glibc
import HTTP
import TLS
import TestSupport
import Testing

/// A certificate for 127.0.0.1, made for one test.
private struct Certificate {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/server.pem" }
    var key: String { directory.path + "/server.key" }
    var files: TLSFiles { TLSFiles(certificate: path, key: key) }

    init() async throws {
        directory = try TemporaryDirectory()
        try await make(serial: 1)
    }

    /// Another certificate in the place of this one.
    func make(serial: Int) async throws {
        _ = try await run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
                + "-set_serial \(serial) -addext subjectAltName=IP:127.0.0.1 -keyout '\(key)' -out '\(path)'")
    }
}

private func withSecureServer<Result: Sendable>(
    handler: any HTTPHandler = TestHandler(), limits: HTTPLimits = HTTPLimits(), observer: (any HTTPObserver)? = nil,
    _ body: (HTTPServer, Certificate, TLSReloader) async throws -> Result
) async throws -> Result {
    let certificate = try await Certificate()
    let tls = try TLSReloader(certificate.files)
    let server = try HTTPServer(
        listeners: [Listener(host: "127.0.0.1", port: 0)], handler: handler, limits: limits, observer: observer,
        tls: tls)
    server.start()
    do {
        let result = try await body(server, certificate, tls)
        await server.shutdown(deadline: .zero)
        return result
    } catch {
        await server.shutdown(deadline: .zero)
        throw error
    }
}

@Suite("HTTPServer with TLS", .timeLimit(.minutes(2)))
struct SecureServerTests {
    @Test("A client that trusts the certificate is served, one request after the other", arguments: ["1.2", "1.3"])
    func exchange(version: String) async throws {
        try await withSecureServer { server, certificate, _ in
            let url = "https://127.0.0.1:\(server.address.port)"
            let body = String(repeating: "x", count: 200_000)
            let file = try certificate.directory.write(body, to: "body")
            let options = "-sS --max-time 60 --cacert '\(certificate.path)' --tlsv\(version) --tls-max \(version)"
            let outcome = try await run(
                "curl \(options) --data-binary '@\(file)' \(url)/a --next \(options) \(url)/b")
            #expect(outcome.output == "POST /a \(body)GET /b ")
        }
    }

    @Test("A client without TLS is told so in plain text, one that speaks neither is hung up on")
    func plainText() async throws {
        try await withSecureServer { server, _, _ in
            let port = server.address.port
            let (plain, noise) = await onThread {
                let (first, second) = (TestClient(port: port), TestClient(port: port))
                defer {
                    first.close()
                    second.close()
                }
                first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                second.send([0x16, 0x03, 0x01, 0xFF, 0xFF] + [UInt8](repeating: 0xFF, count: 100))
                return (first.receiveAll(), second.receiveAll())
            }
            #expect(plain.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(plain.hasSuffix("plain HTTP was sent to a port that speaks TLS"))
            #expect(!noise.contains("HTTP"))
        }
    }

    @Test("A handshake that is not finished in time ends the connection, and is told of")
    func handshakeTimeout() async throws {
        final class Log: HTTPObserver {
            let timeouts = Confined(0)
            func observe(_ event: HTTPServerEvent) {
                if event == .timedOut(.handshake) { timeouts.withState { $0 += 1 } }
            }
        }
        var limits = HTTPLimits()
        limits.handshakeTimeout = .milliseconds(50)
        let log = Log()
        try await withSecureServer(limits: limits, observer: log) { server, _, _ in
            let port = server.address.port
            let answer = await onThread {
                let client = TestClient(port: port)
                defer { client.close() }
                return client.receiveAll()
            }
            #expect(answer.isEmpty)
        }
        #expect(log.timeouts.withState { $0 } == 1)
    }

    @Test("After a reload new connections get the new certificate, and one that is open goes on")
    func reload() async throws {
        try await withSecureServer { server, certificate, tls in
            let port = server.address.port
            let connect = "openssl s_client -quiet -connect 127.0.0.1:\(port)"
            func serial() async throws -> String {
                try await run(
                    "echo Q | openssl s_client -connect 127.0.0.1:\(port) | openssl x509 -noout -serial"
                ).output
            }
            #expect(try await serial() == "serial=01\n")
            // One connection, which is open while the certificate changes.
            let (answered, go) = (certificate.directory.path + "/answered", certificate.directory.path + "/go")
            let open = Task {
                try await run(
                    """
                    { printf 'GET /a HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n'; while [ ! -e '\(go)' ]; do sleep 0.05; done;
                      printf 'GET /b HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n'; sleep 5; } |
                    \(connect) | tee '\(answered)'
                    """
                ).output
            }
            func hasAnswered() -> Bool {
                // Not by `FileManager.contents(atPath:)`, which leaks memory where a file is empty.
                let file = FileHandle(forReadingAtPath: answered)
                return file?.availableData.starts(with: Data("HTTP/1.1 200 OK".utf8)) ?? false
            }
            while !hasAnswered() { try await Task.sleep(for: .milliseconds(5)) }
            try await certificate.make(serial: 2)
            try tls.reload()
            #expect(try await serial() == "serial=02\n")
            _ = try certificate.directory.write("", to: "go")
            #expect(try await open.value.contains("GET /b "))
        }
    }
}

@Suite("DescriptorLimit")
struct DescriptorLimitTests {
    @Test("The limit is raised as far as it may be, and never lowered")
    func raise() {
        let present = DescriptorLimit.raise(to: 0)
        #expect(present > 0)
        #expect(DescriptorLimit.raise(to: present - 1) == present)
        #expect(DescriptorLimit.raise(to: present + 1) >= present)
    }
}
