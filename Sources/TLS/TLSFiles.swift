/// Where the parts of a context come from.
package struct TLSFiles: Sendable, Equatable {
    /// Which certificates clients show.
    package enum ClientCertificates: Sendable, Equatable {
        /// None is asked for.
        case none
        /// One that is shown must come from an authority of the file (PEM); none need be.
        case optional(authorities: String)
        /// One from an authority of the file (PEM) must be shown.
        case required(authorities: String)
    }

    /// The path of the server's certificate and those that lead to its authority, in this order (PEM).
    package var certificate: String
    /// The path of the certificate's private key, not encrypted (PEM).
    package var key: String
    /// Which certificates clients show.
    package var clients: ClientCertificates

    /// Names the files; they are read when a context is made.
    package init(certificate: String, key: String, clients: ClientCertificates = .none) {
        self.certificate = certificate
        self.key = key
        self.clients = clients
    }
}

/// What is odd about a certificate that can be used all the same.
package enum TLSWarning: Sendable, Equatable, CustomStringConvertible {
    /// Clients will refuse it.
    case expired(path: String, notAfter: String)
    /// Clients will refuse it until then.
    case notYetValid(path: String, notBefore: String)

    package var description: String {
        switch self {
        case .expired(let path, let notAfter): "\(path): the certificate has expired: it is valid until \(notAfter)"
        case .notYetValid(let path, let notBefore):
            "\(path): the certificate is not valid yet: it is valid from \(notBefore)"
        }
    }
}
