import Confinement
import Foundation
import HTTP
import TLS
import TestSupport
import Testing

/// Runs a program to its end.
///
/// - Returns: what it wrote to standard output.
private func run(_ program: String, _ arguments: [String], input: String = "") throws -> String {
    // A file and not a pipe: a program need not read all of it.
    let directory = try TemporaryDirectory()
    let path = try directory.write(input, to: "input")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    let output = Pipe()
    process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: text, as: UTF8.self)
}

/// A certificate for 127.0.0.1, made for one test.
private struct Certificate {
    let directory: TemporaryDirectory
    var path: String { directory.path + "/server.pem" }
    var key: String { directory.path + "/server.key" }
    var files: TLSFiles { TLSFiles(certificate: path, key: key) }

    init() throws {
        directory = try TemporaryDirectory()
        try make(serial: 1)
    }

    /// Another certificate in the place of this one.
    func make(serial: Int) throws {
        _ = try run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-set_serial", "\(serial)", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", key, "-out", path,
            ])
    }
}

private func withSecureServer<Result: Sendable>(
    handler: any HTTPHandler = TestHandler(), limits: HTTPLimits = HTTPLimits(), observer: (any HTTPObserver)? = nil,
    _ body: (HTTPServer, Certificate, TLSReloader) async throws -> Result
) async throws -> Result {
    let certificate = try Certificate()
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
            let output = try await onThread {
                Result {
                    try run(
                        "curl",
                        [
                            "-sS", "--max-time", "60", "--tlsv\(version)", "--tls-max", version, "--cacert",
                            certificate.path, "--data-binary", "@-", "\(url)/a", "--next", "-sS", "--cacert",
                            certificate.path, "\(url)/b",
                        ], input: body)
                }
            }.get()
            #expect(output == "POST /a \(body)GET /b ")
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
            func serial() async throws -> String {
                let shown = try await onThread {
                    Result { try run("openssl", ["s_client", "-connect", "127.0.0.1:\(port)"], input: "Q\n") }
                }.get()
                return try run("openssl", ["x509", "-noout", "-serial"], input: shown)
            }
            #expect(try await serial() == "serial=01\n")
            let open = Process()
            let (input, output) = (Pipe(), Pipe())
            open.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            open.arguments = ["openssl", "s_client", "-quiet", "-connect", "127.0.0.1:\(port)"]
            (open.standardInput, open.standardOutput) = (input, output)
            open.standardError = FileHandle.nullDevice
            try open.run()
            try input.fileHandleForWriting.write(contentsOf: Data("GET /a HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            let first = await onThread { output.fileHandleForReading.availableData }
            #expect(first.starts(with: Data("HTTP/1.1 200 OK".utf8)))
            try certificate.make(serial: 2)
            try tls.reload()
            #expect(try await serial() == "serial=02\n")
            try input.fileHandleForWriting.write(
                contentsOf: Data("GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            let second = await onThread { output.fileHandleForReading.readDataToEndOfFile() }
            #expect(String(decoding: second, as: UTF8.self).contains("GET /b "))
            open.waitUntilExit()
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
