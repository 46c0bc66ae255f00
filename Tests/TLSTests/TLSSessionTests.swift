import COpenSSL
import TLS
import TestSupport
import Testing

@Suite("TLSSession")
struct TLSSessionTests {
    let certificates: TestCertificates
    let context: TLSContext

    init() throws {
        certificates = try TestCertificates()
        try certificates.add("server", .init(name: "localhost"))
        context = try TLSContext(
            TLSFiles(certificate: certificates.path("server.pem"), key: certificates.path("server.key")))
    }

    private func peer(_ options: TestPeer.Options = .init()) throws -> TestPeer {
        try TestPeer(options, authority: certificates.path("authority.pem"))
    }

    private func connected(_ options: TestPeer.Options = .init()) throws -> (TestPeer, TLSSession) {
        let (peer, server) = (try peer(options), try TLSSession(context))
        try peer.exchange(with: server)
        try #require(server.isHandshakeFinished)
        return (peer, server)
    }

    @Test(
        "Data goes both ways in either version, however it is sliced",
        arguments: [TLS1_2_VERSION, TLS1_3_VERSION], [1, 7, 1000, Int.max])
    func data(version: Int32, slice: Int) throws {
        let (peer, server) = (
            try peer(.init(oldestVersion: version, newestVersion: version)), try TLSSession(context)
        )
        #expect(!server.isHandshakeFinished)
        #expect(throws: TLSError.notWritable) { try server.write([1]) }
        #expect(try peer.exchange(with: server, slice: slice) == [])
        #expect(server.isHandshakeFinished)
        #expect(server.version == (version == TLS1_3_VERSION ? "TLSv1.3" : "TLSv1.2"))
        #expect(server.peerSubject == nil)
        peer.write(Array("ping".utf8))
        #expect(try peer.exchange(with: server, slice: slice) == Array("ping".utf8))
        try server.write(Array("pong".utf8))
        try server.write([])
        peer.feed(server.takeOutput())
        #expect(peer.read() == Array("pong".utf8))
        #expect(server.takeOutput() == [])
    }

    @Test("Megabytes go both ways unchanged in odd slices")
    func bigData() throws {
        let (peer, server) = try connected()
        var generator = SeededGenerator(seed: 1)
        let data = (0..<3_000_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        peer.write(data)
        #expect(try peer.exchange(with: server, slice: 12_345) == data)
        var sent = 0
        var received: [UInt8] = []
        while sent < data.count {
            let end = min(data.count, sent + Int.random(in: 1...70_000, using: &generator))
            try server.write(Array(data[sent..<end]))
            sent = end
            peer.feed(server.takeOutput())
            received += peer.read()
        }
        #expect(received == data)
    }

    @Test("The end is said and heard, and a connection that is cut off shows")
    func closing() throws {
        let (peer, server) = try connected()
        peer.write(Array("last".utf8))
        let cut = peer.takeOutput()
        try server.feed(Array(cut.dropLast()))
        #expect(try server.read() == [] && !server.peerHasClosed)
        try server.feed([cut[cut.count - 1]])
        #expect(try server.read() == Array("last".utf8) && !server.peerHasClosed)
        peer.close()
        try server.feed(peer.takeOutput())
        #expect(try server.read() == [] && server.peerHasClosed)
        // The server may still answer, and then end as well.
        try server.write(Array("answer".utf8))
        server.closeNotify()
        server.closeNotify()
        #expect(throws: TLSError.notWritable) { try server.write([1]) }
        peer.feed(server.takeOutput())
        #expect(peer.read() == Array("answer".utf8) && peer.otherHasClosed)
    }

    @Test(
        "A client that offers protocols is answered with HTTP/1.1, or refused",
        arguments: [
            ("", ""), ("\u{8}http/1.1", "http/1.1"), ("\u{2}h2\u{8}http/1.1", "http/1.1"), ("\u{2}h2", nil),
            ("\u{8}http/1.0", nil),
        ] as [(String, String?)])
    func protocols(offered: String, agreed: String?) throws {
        let (peer, server) = (try peer(.init(protocols: Array(offered.utf8))), try TLSSession(context))
        if let agreed {
            try peer.exchange(with: server)
            #expect(peer.agreedProtocol == agreed)
        } else {
            let error = #expect(throws: TLSError.self) { try peer.exchange(with: server) }
            guard case .handshakeFailed = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!server.takeOutput().isEmpty, "an alert says why")
        }
    }

    @Test(
        "Old versions and ciphers without forward secrecy or authentication are refused",
        arguments: [
            .init(oldestVersion: TLS1_VERSION, newestVersion: TLS1_1_VERSION, ciphers: "ALL:@SECLEVEL=0", isLax: true),
            .init(newestVersion: TLS1_2_VERSION, ciphers: "ECDHE-ECDSA-AES128-SHA256"),
            .init(newestVersion: TLS1_2_VERSION, ciphers: "ECDHE-ECDSA-AES256-SHA"),
            .init(newestVersion: TLS1_2_VERSION, ciphers: "AES128-GCM-SHA256:AES256-SHA"),
            .init(newestVersion: TLS1_2_VERSION, ciphers: "aNULL:@SECLEVEL=0", isLax: true),
        ] as [TestPeer.Options])
    func refusedSettings(options: TestPeer.Options) throws {
        let (peer, server) = (try peer(options), try TLSSession(context))
        peer.shakeHands()
        let greeting = peer.takeOutput()
        try #require(!greeting.isEmpty, "the client itself must be willing")
        try server.feed(greeting)
        let error = try #require(#expect(throws: TLSError.self) { try server.read() })
        guard case .handshakeFailed = error else {
            Issue.record("\(error)")
            return
        }
        #expect(throws: error) { try server.read() }
        #expect(throws: error) { try server.feed([1]) }
        #expect(server.takeOutput().first == 21, "an alert says why")
    }

    @Test(
        "The server's order of ciphers counts, but who puts ChaCha20 first gets it",
        arguments: [
            (["AES256-GCM-SHA384", "AES128-GCM-SHA256"], "AES128-GCM-SHA256"),
            (["AES256-GCM-SHA384", "CHACHA20-POLY1305"], "AES256-GCM-SHA384"),
            (["CHACHA20-POLY1305", "AES128-GCM-SHA256"], "CHACHA20-POLY1305"),
        ])
    func cipherOrder(offered: [String], agreed: String) throws {
        let ciphers = offered.map { "ECDHE-ECDSA-\($0)" }.joined(separator: ":")
        let (peer, _) = try connected(.init(newestVersion: TLS1_2_VERSION, ciphers: ciphers))
        #expect(peer.cipher == "ECDHE-ECDSA-\(agreed)")
    }

    @Test("Another handshake is refused")
    func renegotiation() throws {
        let (peer, server) = try connected(.init(newestVersion: TLS1_2_VERSION))
        peer.renegotiate()
        try server.feed(peer.takeOutput())
        #expect(throws: TLSError.renegotiation) { try server.read() }
        #expect(throws: TLSError.renegotiation) { try server.write([1]) }
    }

    @Test("Key updates are answered, but not without end")
    func keyUpdates() throws {
        let (peer, server) = try connected(.init(oldestVersion: TLS1_3_VERSION))
        for _ in 0..<100 {
            peer.updateKeys()
            peer.write([7])
            #expect(try peer.exchange(with: server) == [7])
        }
        let error = #expect(throws: TLSError.self) {
            for _ in 0..<100_000 {
                peer.updateKeys()
                try peer.exchange(with: server)
            }
        }
        #expect(error == .noData(limit: TLSSession.maxSizeWithoutData))
    }

    @Test(
        "A request without TLS is known by its first byte",
        arguments: ["GET / HTTP/1.1\r\n\r\n", "P", "OPTIONS * HTTP/1.1\r\n"])
    func plainHTTP(text: String) throws {
        let server = try TLSSession(context)
        #expect(throws: TLSError.plainHTTP) { try server.feed(Array(text.utf8)) }
        #expect(throws: TLSError.plainHTTP) { try server.read() }
        #expect(server.takeOutput() == [])
    }

    @Test("More than a session holds is refused, and so is a handshake that does not end")
    func limits() throws {
        let server = try TLSSession(context)
        #expect(throws: TLSError.inputTooLarge(limit: TLSSession.maxUnreadSize)) {
            for _ in 0..<100 { try server.feed([UInt8](repeating: 22, count: 65_536)) }
        }
        // The greatest ClientHello that its length field can say, record by record.
        let endless = try TLSSession(context)
        let error = #expect(throws: TLSError.self) {
            var header: [UInt8] = [1, 0xFF, 0xFF, 0xFF]
            for _ in 0..<1000 {
                try endless.feed([22, 3, 1, 0x40, 0] + header + [UInt8](repeating: 0, count: 0x4000 - header.count))
                header = []
                _ = try endless.read()
            }
        }
        #expect(error != nil)
    }

    @Test("A session can be resumed under the context that began it, and not under another")
    func resumption() throws {
        for version in [TLS1_2_VERSION, TLS1_3_VERSION] {
            let options = TestPeer.Options(oldestVersion: version, newestVersion: version)
            let (first, server) = try connected(options)
            try server.write([1])
            first.feed(server.takeOutput())
            #expect(first.read() == [1])
            let ticket = try #require(SSL_get1_session(first.session))
            defer { SSL_SESSION_free(ticket) }
            let other = try TLSContext(
                TLSFiles(certificate: certificates.path("server.pem"), key: certificates.path("server.key")))
            let elsewhere = try TestPeer(options, authority: certificates.path("authority.pem"), resuming: ticket)
            try elsewhere.exchange(with: try TLSSession(other))
            #expect(!elsewhere.wasResumed)
            let again = try TestPeer(options, authority: certificates.path("authority.pem"), resuming: ticket)
            try again.exchange(with: try TLSSession(context))
            #expect(again.wasResumed)
        }
    }
}
