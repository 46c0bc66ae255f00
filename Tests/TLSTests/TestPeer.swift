import COpenSSL
import TLS

/// A client of TLS in memory, which may ask for what a good client would not.
final class TestPeer {
    struct Options {
        var oldestVersion = TLS1_2_VERSION
        var newestVersion = TLS1_3_VERSION
        /// Of TLS 1.2; nil for OpenSSL's.
        var ciphers: String?
        /// As the wire has them: each with its length ahead.
        var protocols: [UInt8] = []
        /// The paths of certificate and key.
        var certificate: (String, String)?
        /// Whether TLS 1.1 and the like are allowed at all.
        var isLax = false
    }

    private let context: OpaquePointer
    let session: OpaquePointer
    private let input: OpaquePointer
    private let output: OpaquePointer

    init(_ options: Options = Options(), authority: String, resuming: OpaquePointer? = nil) throws {
        guard let context = SSL_CTX_new(TLS_client_method()), let input = BIO_new(BIO_s_mem()),
            let output = BIO_new(BIO_s_mem())
        else { throw TestCertificates.Failure(step: "SSL_CTX_new") }
        if options.isLax { SSL_CTX_set_security_level(context, 0) }
        _ = grace_set_oldest_protocol(context, options.oldestVersion)
        _ = grace_set_newest_protocol(context, options.newestVersion)
        if let ciphers = options.ciphers { SSL_CTX_set_cipher_list(context, ciphers) }
        if let (certificate, key) = options.certificate {
            SSL_CTX_use_certificate_file(context, certificate, SSL_FILETYPE_PEM)
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM)
        }
        SSL_CTX_load_verify_file(context, authority)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard let session = SSL_new(context) else { throw TestCertificates.Failure(step: "SSL_new") }
        if !options.protocols.isEmpty {
            SSL_set_alpn_protos(session, options.protocols, UInt32(options.protocols.count))
        }
        if let resuming { SSL_set_session(session, resuming) }
        SSL_set_bio(session, input, output)
        SSL_set_connect_state(session)
        (self.context, self.session, self.input, self.output) = (context, session, input, output)
    }

    deinit {
        SSL_free(session)
        SSL_CTX_free(context)
        ERR_clear_error()
    }

    func feed(_ bytes: [UInt8]) {
        BIO_write(input, bytes, Int32(bytes.count))
    }

    func takeOutput() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        if !bytes.isEmpty { BIO_read(output, &bytes, Int32(bytes.count)) }
        return bytes
    }

    /// Goes on with a handshake; whether it is finished.
    @discardableResult
    func shakeHands() -> Bool {
        ERR_clear_error()
        return SSL_do_handshake(session) == 1
    }

    func write(_ bytes: [UInt8]) {
        var written = 0
        SSL_write_ex(session, bytes, bytes.count, &written)
    }

    /// All plaintext that is there.
    func read() -> [UInt8] {
        ERR_clear_error()
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        var count = 0
        while SSL_read_ex(session, &buffer, buffer.count, &count) == 1 { all += buffer[..<count] }
        return all
    }

    func close() {
        SSL_shutdown(session)
    }

    /// Whether the other side has said that it sends no more.
    var otherHasClosed: Bool { SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// Asks for another handshake (TLS 1.2).
    func renegotiate() {
        SSL_renegotiate(session)
        shakeHands()
    }

    /// Sends a key update that wants an answer (TLS 1.3).
    func updateKeys() {
        SSL_key_update(session, SSL_KEY_UPDATE_REQUESTED)
        shakeHands()
    }

    var agreedProtocol: String {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &length)
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    var wasResumed: Bool { SSL_session_reused(session) == 1 }
    var cipher: String { SSL_CIPHER_get_name(SSL_get_current_cipher(session)).map { String(cString: $0) } ?? "" }

    /// Exchanges bytes with the server, in slices of at most `slice`, until neither has any; what the server reads.
    @discardableResult
    func exchange(with server: TLSSession, slice: Int = .max) throws(TLSError) -> [UInt8] {
        var received: [UInt8] = []
        while true {
            shakeHands()
            let sent = takeOutput()
            for start in stride(from: 0, to: sent.count, by: min(slice, max(1, sent.count))) {
                try server.feed(Array(sent[start..<min(sent.count, start + min(slice, sent.count))]))
                received += try server.read()
            }
            let answer = server.takeOutput()
            feed(answer)
            if answer.isEmpty, sent.isEmpty { return received }
        }
    }
}
