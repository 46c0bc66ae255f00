import COpenSSL

/// The server's side of one TLS connection, without a socket: ciphertext goes in and comes out, and so does plaintext.
///
/// After each ``feed(_:)`` comes ``read()``, after each call that may make output ``takeOutput()``. A session that has thrown
/// throws the same ever after; what it has to say to the peer, an alert, is still in its output. Not for use by several threads
/// at once.
package final class TLSSession {
    /// How many bytes may be fed before they are read.
    package static let maxUnreadSize = 1 << 20
    /// How many bytes may come in without any data: handshakes, with certificates, take a few thousand.
    package static let maxSizeWithoutData = 64 * 1024
    /// Buffers that have held more than this are given back as soon as they are empty.
    private static let keptBufferSize = 4 * 1024

    private let context: TLSContext
    private let session: OpaquePointer
    /// Ciphertext that has come and that which is to go; the session owns both.
    private var input: OpaquePointer
    private var output: OpaquePointer
    private var inputPeak = 0
    private var outputPeak = 0

    private var hasReceived = false
    private var sizeWithoutData = 0
    private var failure: TLSError?

    /// Whether data can be written and has been agreed on how.
    package private(set) var isHandshakeFinished = false
    /// Whether the peer has said that it sends no more. A connection that ends otherwise may have been cut off by somebody
    /// else (RFC 8446, section 6.1).
    package private(set) var peerHasClosed = false
    private var hasClosed = false

    /// A session that waits for a client's first message.
    ///
    /// - Throws: `TLSError.unavailable`
    package init(_ context: TLSContext) throws(TLSError) {
        OpenSSLErrors.clear()
        guard let session = SSL_new(context.handle) else { throw .unavailable(reason: OpenSSLErrors.takeReason()) }
        guard let input = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            throw .unavailable(reason: OpenSSLErrors.takeReason())
        }
        SSL_set0_rbio(session, input)
        guard let output = BIO_new(BIO_s_mem()) else {
            SSL_free(session)
            throw .unavailable(reason: OpenSSLErrors.takeReason())
        }
        SSL_set0_wbio(session, output)
        SSL_set_accept_state(session)
        (self.context, self.session, self.input, self.output) = (context, session, input, output)
    }

    // OpenSSL frees what it keeps for each thread when the thread ends.
    deinit {
        SSL_free(session)
        OpenSSLErrors.clear()
    }

    /// Takes what has come from the peer.
    ///
    /// - Throws: `TLSError.plainHTTP`, `.inputTooLarge`
    package func feed(_ ciphertext: [UInt8]) throws(TLSError) {
        try rethrow()
        guard let first = ciphertext.first else { return }
        if !hasReceived {
            hasReceived = true
            // A method begins with a capital letter. Records of TLS begin with 20 to 24, greetings of SSL 2 with 128 or more.
            if (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) { throw fail(.plainHTTP) }
        }
        let unread = BIO_ctrl_pending(input)
        guard ciphertext.count <= Self.maxUnreadSize - unread else {
            throw fail(.inputTooLarge(limit: Self.maxUnreadSize))
        }
        var written = 0
        guard BIO_write_ex(input, ciphertext, ciphertext.count, &written) == 1, written == ciphertext.count else {
            throw fail(.unavailable(reason: OpenSSLErrors.takeReason()))
        }
        inputPeak = max(inputPeak, unread + ciphertext.count)
        sizeWithoutData += ciphertext.count
    }

    /// The plaintext of everything that was fed and is complete; goes on with the handshake. Never longer than the
    /// ciphertext.
    ///
    /// - Throws: `TLSError.handshakeFailed`, `.protocolViolation`, `.renegotiation`, `.noData`
    package func read() throws(TLSError) -> [UInt8] {
        try rethrow()
        defer { releaseInput() }
        guard try finishHandshake() else { return [] }
        let written = BIO_ctrl_pending(output)
        var plaintext: [UInt8] = []
        while !peerHasClosed, let piece = try readPiece() { plaintext += piece }
        outputPeak = max(outputPeak, BIO_ctrl_pending(output))
        // In TLS 1.2 nothing makes output while data is read but the alert that refuses another handshake.
        if SSL_version(session) == TLS1_2_VERSION, BIO_ctrl_pending(output) > written { throw fail(.renegotiation) }
        if !plaintext.isEmpty { sizeWithoutData = 0 }
        try checkProgress()
        return plaintext
    }

    /// Encrypts data for the peer.
    ///
    /// - Throws: `TLSError.notWritable`, `.protocolViolation`
    package func write(_ plaintext: [UInt8]) throws(TLSError) {
        try rethrow()
        guard isHandshakeFinished, !hasClosed else { throw .notWritable }
        guard !plaintext.isEmpty else { return }
        OpenSSLErrors.clear()
        var written = 0
        guard SSL_write_ex(session, plaintext, plaintext.count, &written) == 1, written == plaintext.count else {
            throw fail(.protocolViolation(reason: OpenSSLErrors.takeReason()))
        }
        outputPeak = max(outputPeak, BIO_ctrl_pending(output))
    }

    /// The ciphertext that is to be sent to the peer; after it there is none until another call makes some.
    package func takeOutput() -> [UInt8] {
        let bytes = takeBytes(from: output)
        if outputPeak > Self.keptBufferSize, let fresh = BIO_new(BIO_s_mem()) {
            SSL_set0_wbio(session, fresh)
            (output, outputPeak) = (fresh, 0)
        }
        return bytes
    }

    /// Tells the peer that nothing more is written; what it still sends can be read.
    package func closeNotify() {
        guard isHandshakeFinished, !hasClosed, failure == nil else { return }
        hasClosed = true
        OpenSSLErrors.clear()
        _ = SSL_shutdown(session)
        OpenSSLErrors.clear()
    }

    /// The subject of the client's certificate as RFC 2253 writes it, in printable ASCII; nil where none was shown.
    package var peerSubject: String? {
        guard isHandshakeFinished, let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        return printed { X509_NAME_print_ex($0, X509_get_subject_name(certificate), 0, grace_name_format) }
    }

    /// The protocol's version, as `TLSv1.3`.
    package var version: String { String(cString: SSL_get_version(session)) }

    // MARK: - Steps

    /// - Returns: whether the handshake is finished.
    private func finishHandshake() throws(TLSError) -> Bool {
        if isHandshakeFinished { return true }
        OpenSSLErrors.clear()
        let result = SSL_do_handshake(session)
        outputPeak = max(outputPeak, BIO_ctrl_pending(output))
        if result == 1 {
            isHandshakeFinished = true
            sizeWithoutData = BIO_ctrl_pending(input)
            return true
        }
        guard SSL_get_error(session, result) == SSL_ERROR_WANT_READ else {
            throw fail(.handshakeFailed(reason: handshakeFailure))
        }
        try checkProgress()
        return false
    }

    private var handshakeFailure: String {
        let verification = Int(SSL_get_verify_result(session))
        guard verification != X509_V_OK else { return OpenSSLErrors.takeReason() }
        return "the client's certificate is refused: " + String(cString: X509_verify_cert_error_string(verification))
    }

    /// The plaintext of one record; nil where more ciphertext is needed or the peer has ended.
    private func readPiece() throws(TLSError) -> [UInt8]? {
        OpenSSLErrors.clear()
        var result: Int32 = 0
        let piece = [UInt8](unsafeUninitializedCapacity: Int(SSL3_RT_MAX_PLAIN_LENGTH)) { buffer, count in
            result = SSL_read_ex(session, buffer.baseAddress, buffer.count, &count)
            if result != 1 { count = 0 }
        }
        if result == 1 { return piece }
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: break
        case SSL_ERROR_ZERO_RETURN: peerHasClosed = true
        default: throw fail(.protocolViolation(reason: OpenSSLErrors.takeReason()))
        }
        return nil
    }

    private func checkProgress() throws(TLSError) {
        guard sizeWithoutData <= Self.maxSizeWithoutData else {
            throw fail(.noData(limit: Self.maxSizeWithoutData))
        }
    }

    private func releaseInput() {
        guard inputPeak > Self.keptBufferSize, BIO_ctrl_pending(input) == 0, let fresh = BIO_new(BIO_s_mem()) else {
            return
        }
        SSL_set0_rbio(session, fresh)
        (input, inputPeak) = (fresh, 0)
    }

    private func fail(_ error: TLSError) -> TLSError {
        failure = error
        OpenSSLErrors.clear()
        return error
    }

    private func rethrow() throws(TLSError) {
        if let failure { throw failure }
    }
}
