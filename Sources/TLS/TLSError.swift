/// Why a context could not be made, or a session goes no further.
package enum TLSError: Error, Equatable, Sendable {
    /// The certificate chain cannot be read or used; OpenSSL's reason.
    case certificate(path: String, reason: String)
    /// The private key cannot be read.
    case key(path: String, reason: String)
    /// The key is not that of the chain's first certificate.
    case keyMismatch(certificate: String, key: String)
    /// The authorities of client certificates cannot be read.
    case clientAuthorities(path: String, reason: String)
    /// OpenSSL gives no context or session, as where memory is short.
    case unavailable(reason: String)

    /// The peer speaks HTTP without TLS. It is to be told so in plain text; there is no output.
    case plainHTTP
    /// The peers do not come to terms: no common version, cipher or protocol, a certificate that is missing or wrong, or no
    /// TLS at all.
    case handshakeFailed(reason: String)
    /// What came after the handshake is not sound.
    case protocolViolation(reason: String)
    /// The peer asks for a second handshake, which costs this side more than it does the peer.
    case renegotiation
    /// The peer sends records without any data in them; the limit is in bytes.
    case noData(limit: Int)
    /// More was fed than a session holds unread; the limit is in bytes.
    case inputTooLarge(limit: Int)
    /// Data to send, before the handshake or after the end.
    case notWritable
}

extension TLSError: CustomStringConvertible {
    /// One line for the log. It says nothing of what was sent over the session.
    package var description: String {
        switch self {
        case .certificate(let path, let reason): "\(path): cannot use the certificate chain: \(reason)"
        case .key(let path, let reason): "\(path): cannot use the private key: \(reason)"
        case .keyMismatch(let certificate, let key): "\(key): the key is not that of the certificate in \(certificate)"
        case .clientAuthorities(let path, let reason): "\(path): cannot use the authorities of clients: \(reason)"
        case .unavailable(let reason): "TLS is not available: \(reason)"
        case .plainHTTP: "the peer speaks HTTP without TLS"
        case .handshakeFailed(let reason): "the TLS handshake failed: \(reason)"
        case .protocolViolation(let reason): "the peer violates TLS: \(reason)"
        case .renegotiation: "the peer asks for another handshake"
        case .noData(let limit): "the peer has sent \(limit) bytes of TLS without data"
        case .inputTooLarge(let limit): "more than \(limit) bytes of TLS are unread"
        case .notWritable: "the TLS session cannot be written to: its handshake is not finished, or it has ended"
        }
    }
}
