import COpenSSL

extension TLSContext {
    static func loadCertificate(_ path: String, into context: OpaquePointer) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(context, path) == 1 else {
            throw .certificate(path: path, reason: OpenSSLErrors.takeReason())
        }
    }

    static func loadKey(_ path: String, into context: OpaquePointer, certificate: String) throws(TLSError) {
        guard let file = BIO_new_file(path, "r") else { throw .key(path: path, reason: OpenSSLErrors.takeReason()) }
        defer { BIO_free(file) }
        // Without a callback OpenSSL would ask the terminal for the password of a key that is encrypted.
        guard let key = PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in -1 }, nil) else {
            throw .key(path: path, reason: OpenSSLErrors.takeReason())
        }
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(context, key) == 1, SSL_CTX_check_private_key(context) == 1 else {
            OpenSSLErrors.clear()
            throw .keyMismatch(certificate: certificate, key: path)
        }
    }

    static func loadAuthorities(
        _ clients: TLSFiles.ClientCertificates, into context: OpaquePointer
    ) throws(TLSError) {
        let path: String
        let mode: Int32
        switch clients {
        case .none: return
        case .optional(let authorities): (path, mode) = (authorities, SSL_VERIFY_PEER)
        case .required(let authorities):
            (path, mode) = (authorities, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
        }
        guard SSL_CTX_load_verify_file(context, path) == 1, let names = SSL_load_client_CA_file(path) else {
            throw .clientAuthorities(path: path, reason: OpenSSLErrors.takeReason())
        }
        // The context owns the names, which tell clients which of their certificates to show.
        SSL_CTX_set_client_CA_list(context, names)
        SSL_CTX_set_verify(context, mode, nil)
    }

    static func warnings(of context: OpaquePointer, path: String) -> [TLSWarning] {
        guard let certificate = SSL_CTX_get0_certificate(context) else { return [] }
        if let end = X509_get0_notAfter(certificate), X509_cmp_current_time(end) < 0 {
            return [.expired(path: path, notAfter: text(of: end))]
        }
        if let start = X509_get0_notBefore(certificate), X509_cmp_current_time(start) > 0 {
            return [.notYetValid(path: path, notBefore: text(of: start))]
        }
        return []
    }

    private static func text(of time: UnsafePointer<ASN1_TIME>) -> String {
        printed { ASN1_TIME_print($0, time) }
    }
}

/// What one of OpenSSL's functions prints; nothing where it fails.
func printed(_ body: (OpaquePointer) -> Int32) -> String {
    guard let output = BIO_new(BIO_s_mem()) else { return "" }
    defer { BIO_free(output) }
    guard body(output) >= 0 else {
        OpenSSLErrors.clear()
        return ""
    }
    return String(decoding: takeBytes(from: output), as: UTF8.self)
}

/// All that a memory buffer holds; it is then empty.
func takeBytes(from buffer: OpaquePointer) -> [UInt8] {
    let pending = BIO_ctrl_pending(buffer)
    guard pending > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: pending) { bytes, count in
        var read = 0
        guard BIO_read_ex(buffer, bytes.baseAddress, pending, &read) == 1 else { return }
        count = read
    }
}
