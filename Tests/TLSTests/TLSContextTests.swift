import TLS
import TestSupport
import Testing

@Suite("TLSContext")
struct TLSContextTests {
    let certificates: TestCertificates

    init() throws {
        certificates = try TestCertificates()
        try certificates.add("server", .init(name: "localhost"))
    }

    private func files(_ certificate: String, _ key: String) -> TLSFiles {
        TLSFiles(certificate: certificates.path(certificate), key: certificates.path(key))
    }

    @Test("Files that cannot be used are named, with the reason")
    func faultyFiles() throws {
        try certificates.directory.write("", to: "empty")
        try certificates.directory.write("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", to: "garbage")
        let other = try certificates.add("other", .init(name: "other"))
        try certificates.writeEncrypted(other, "encrypted.key")
        func path(_ name: String) -> String { certificates.path(name) }
        let faults: [(TLSFiles, String)] = [
            (files("none", "server.key"), "\(path("none")): cannot use the certificate chain: No such file"),
            (files("empty", "server.key"), "\(path("empty")): cannot use the certificate chain: no start line"),
            (files("garbage", "server.key"), "\(path("garbage")): cannot use the certificate chain: "),
            (
                files("server.key", "server.key"),
                "\(path("server.key")): cannot use the certificate chain: no start line"
            ),
            (files("server.pem", "none"), "\(path("none")): cannot use the private key: No such file"),
            (files("server.pem", "empty"), "\(path("empty")): cannot use the private key: "),
            (files("server.pem", "encrypted.key"), "\(path("encrypted.key")): cannot use the private key: "),
            (
                files("server.pem", "other.key"),
                "\(path("other.key")): the key is not that of the certificate in \(path("server.pem"))"
            ),
        ]
        for (files, message) in faults {
            let error = #expect(throws: TLSError.self) { try TLSContext(files) }
            let text = error?.description ?? ""
            #expect(text.hasPrefix(message), "\(text)")
            #expect(!text.hasSuffix(": "))
        }
        var files = files("server.pem", "server.key")
        for name in ["none", "empty", "server.key"] {
            files.clients = .required(authorities: path(name))
            let error = #expect(throws: TLSError.self) { try TLSContext(files) }
            #expect(error?.description.hasPrefix("\(path(name)): cannot use the authorities of clients: ") == true)
        }
    }

    @Test("A certificate out of its time can be used, with a warning")
    func expiry() throws {
        #expect(try TLSContext(files("server.pem", "server.key")).warnings == [])
        try certificates.add("old", .init(name: "old", validity: (-7200, -3600)))
        try certificates.add("new", .init(name: "new", validity: (3600, 7200)))
        let old = try TLSContext(files("old.pem", "old.key")).warnings
        let new = try TLSContext(files("new.pem", "new.key")).warnings
        #expect(
            old.map(\.description).first?.contains("old.pem: the certificate has expired: it is valid until ") == true)
        #expect(new.map(\.description).first?.contains("new.pem: the certificate is not valid yet: it is ") == true)
    }

    @Test("Client certificates are asked for as the files say", arguments: [true, false])
    func clientCertificates(areRequired: Bool) throws {
        try certificates.add("client", .init(name: "Zoë"))
        let stranger = try TestCertificates()
        try stranger.add("client", .init(name: "stranger"))
        try certificates.add("late", .init(name: "late", validity: (-7200, -3600)))
        let authorities = certificates.path("authority.pem")
        var files = files("server.pem", "server.key")
        files.clients = areRequired ? .required(authorities: authorities) : .optional(authorities: authorities)
        let context = try TLSContext(files)
        func outcome(_ certificates: TestCertificates?, _ name: String) throws -> String {
            let identity = certificates.map { ($0.path("\(name).pem"), $0.path("\(name).key")) }
            let peer = try TestPeer(.init(certificate: identity), authority: authorities)
            let server = try TLSSession(context)
            do {
                try peer.exchange(with: server)
                #expect(server.isHandshakeFinished)
                return server.peerSubject ?? "nobody"
            } catch {
                #expect(!server.isHandshakeFinished)
                return "\(error)"
            }
        }
        #expect(try outcome(certificates, "client") == #"CN=Zo\C3\AB,O=GRACE"#)
        #expect(
            try outcome(nil, "")
                == (areRequired
                    ? "the TLS handshake failed: peer did not return a certificate" : "nobody"))
        let refusal = "the TLS handshake failed: the client's certificate is refused: "
        #expect(try outcome(stranger, "client") == refusal + "certificate signature failure")
        #expect(try outcome(certificates, "late") == refusal + "certificate has expired")
    }

    @Test("A reload makes a new context, and one that fails leaves the old one")
    func reload() throws {
        let reloader = try TLSReloader(files("server.pem", "server.key"))
        let first = reloader.current
        let session = try TLSSession(first)
        try certificates.directory.write("nothing", to: "server.pem")
        #expect(throws: TLSError.self) { try reloader.reload() }
        #expect(reloader.current === first)
        try certificates.add("server", .init(name: "second"))
        #expect(try reloader.reload() === reloader.current)
        #expect(reloader.current !== first)
        // A session that was begun with the old context goes on with it.
        let peer = try TestPeer(authority: certificates.path("authority.pem"))
        try peer.exchange(with: session)
        #expect(session.isHandshakeFinished)
    }

    @Test("Sessions of several threads share a context, and one that is reloaded meanwhile")
    func threads() async throws {
        let reloader = try TLSReloader(files("server.pem", "server.key"))
        let authority = certificates.path("authority.pem")
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var finished = 0
                    for _ in 0..<50 {
                        let peer = try TestPeer(authority: authority)
                        let session = try TLSSession(reloader.current)
                        try peer.exchange(with: session)
                        try session.write([1])
                        peer.feed(session.takeOutput())
                        if session.isHandshakeFinished, peer.read() == [1] { finished += 1 }
                    }
                    return finished
                }
            }
            for _ in 0..<20 { try reloader.reload() }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(counts == [50, 50, 50, 50])
    }
}
