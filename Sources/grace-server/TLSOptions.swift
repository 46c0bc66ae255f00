import ArgumentParser
import EmbeddingServer
import TLS

/// Encryption.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The certificate (PEM), with those that lead to its authority: connections over the network are then encrypted. "
                + "Read again at SIGHUP.", valueName: "file"))
    var tlsCertificate: String?

    @Option(help: ArgumentHelp("The certificate's private key (PEM), not encrypted.", valueName: "file"))
    var tlsKey: String?

    @Option(
        help: ArgumentHelp(
            "The authorities (PEM) that certificates of clients must come from; without it none is asked for.",
            valueName: "file"))
    var tlsClientAuthorities: String?

    @Option(help: "Whether clients must show a certificate: required or optional.")
    var tlsClientCertificates = ClientCertificateDemand.required

    func validate() throws {
        if (tlsCertificate == nil) != (tlsKey == nil) {
            throw ValidationError("--tls-certificate and --tls-key are given together, or neither is")
        }
        if tlsClientAuthorities != nil, tlsCertificate == nil {
            throw ValidationError("--tls-client-authorities has no use without --tls-certificate")
        }
    }

    func apply(to configuration: inout ServerConfiguration) {
        guard let tlsCertificate, let tlsKey else { return }
        configuration.tls = TLSFiles(certificate: tlsCertificate, key: tlsKey, clients: clients)
    }

    private var clients: TLSFiles.ClientCertificates {
        guard let authorities = tlsClientAuthorities else { return .none }
        return tlsClientCertificates == .required
            ? .required(authorities: authorities) : .optional(authorities: authorities)
    }
}

/// Whether clients must show a certificate.
enum ClientCertificateDemand: String, ExpressibleByArgument, CaseIterable {
    case required, optional
}
