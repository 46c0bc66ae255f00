import COpenSSL

/// What all sessions of a server share: certificate, key, and what is agreed to. Immutable: new files make a new context,
/// and sessions under way keep theirs.
///
/// The settings are those of Mozilla's *intermediate* profile: TLS 1.2 with forward secrecy and authenticated encryption only,
/// TLS 1.3. They differ in two things. Its finite-field ciphers, which cost the server most, are left out, and the order of
/// ciphers is the server's, which auditors ask for; among these any order will do. Sessions are resumed from a small store and
/// not by tickets.
// Unchecked: OpenSSL counts references to the context and locks its store of sessions; nothing else of it changes after
// `init`.
package final class TLSContext: @unchecked Sendable {
    /// What is odd about the certificate.
    package let warnings: [TLSWarning]
    let handle: OpaquePointer

    static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    static let cipherSuites = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
    static let groups = "X25519:P-256:P-384"
    /// Sessions that can be resumed, and for how long.
    private static let keptSessions = (count: 1024, seconds: 300)
    /// What a client's chain of certificates may come to, in bytes.
    private static let longestClientCertificates = 32 * 1024

    /// Reads the files.
    ///
    /// - Throws: `TLSError.certificate`, `.key`, `.keyMismatch`, `.clientAuthorities`, `.unavailable`.
    package init(_ files: TLSFiles) throws(TLSError) {
        OpenSSLErrors.clear()
        guard let handle = SSL_CTX_new(TLS_server_method()) else {
            throw .unavailable(reason: OpenSSLErrors.takeReason())
        }
        do throws(TLSError) {
            try Self.configure(handle)
            try Self.loadCertificate(files.certificate, into: handle)
            try Self.loadKey(files.key, into: handle, certificate: files.certificate)
            try Self.loadAuthorities(files.clients, into: handle)
        } catch {
            SSL_CTX_free(handle)
            throw error
        }
        self.handle = handle
        warnings = Self.warnings(of: handle, path: files.certificate)
    }

    deinit {
        SSL_CTX_free(handle)
    }

    private static func configure(_ context: OpaquePointer) throws(TLSError) {
        // Debian's default, said here for other systems: no keys of RSA under 2048 bits, no SHA-1.
        SSL_CTX_set_security_level(context, 2)
        grace_set_server_options(context)
        grace_set_modes(context)
        grace_keep_sessions(context, keptSessions.count, keptSessions.seconds)
        grace_set_longest_certificates(context, longestClientCertificates)
        SSL_CTX_set_num_tickets(context, 1)
        SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
        // Sessions that were begun with a client's certificate are resumed in this application only.
        let identifier = Array("grace-server".utf8)
        guard grace_set_oldest_protocol(context, TLS1_2_VERSION) == 1, grace_set_groups(context, groups) == 1,
            SSL_CTX_set_cipher_list(context, ciphers) == 1, SSL_CTX_set_ciphersuites(context, cipherSuites) == 1,
            SSL_CTX_set_session_id_context(context, identifier, UInt32(identifier.count)) == 1
        else { throw .unavailable(reason: OpenSSLErrors.takeReason()) }
    }
}

/// Answers `http/1.1` (RFC 7301, section 3.2): a client that offers protocols, and not this one, is refused by an alert.
private func selectProtocol(
    session: OpaquePointer?, selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    selectedLength: UnsafeMutablePointer<UInt8>?, offered: UnsafePointer<UInt8>?, offeredLength: UInt32,
    argument: UnsafeMutableRawPointer?
) -> Int32 {
    let wanted = Array("http/1.1".utf8)
    guard let offered, let selected, let selectedLength else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    let list = UnsafeBufferPointer(start: offered, count: Int(offeredLength))
    var position = 0
    while position < list.count {
        let end = position + 1 + Int(list[position])
        guard end <= list.count else { break }
        if list[(position + 1)..<end].elementsEqual(wanted) {
            // OpenSSL copies it before the client's list is gone.
            selected.pointee = offered + position + 1
            selectedLength.pointee = UInt8(wanted.count)
            return SSL_TLSEXT_ERR_OK
        }
        position = end
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
