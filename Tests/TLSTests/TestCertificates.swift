import COpenSSL
import TestSupport

/// Certificates made for a test, in files.
struct TestCertificates {
    /// What a certificate says.
    struct Subject {
        var name: String
        /// When it begins and ends, in seconds from now.
        var validity: (Int, Int) = (-3600, 3600)
        var isAuthority = false
    }

    /// A certificate with its key.
    final class Identity {
        let certificate: OpaquePointer
        let key: OpaquePointer

        init(certificate: OpaquePointer, key: OpaquePointer) {
            (self.certificate, self.key) = (certificate, key)
        }

        deinit {
            X509_free(certificate)
            EVP_PKEY_free(key)
        }
    }

    struct Failure: Error {
        let step: String
    }

    let directory: TemporaryDirectory
    /// Signs all others.
    let authority: Identity

    init() throws {
        directory = try TemporaryDirectory()
        authority = try Self.make(.init(name: "Test Authority", isAuthority: true), issuer: nil)
        try write(authority, "authority")
    }

    /// Makes a certificate that the authority signs, and writes `name.pem` and `name.key`.
    @discardableResult
    func add(_ name: String, _ subject: Subject, issuer: Identity? = nil) throws -> Identity {
        let identity = try Self.make(subject, issuer: issuer ?? authority)
        try write(identity, name)
        return identity
    }

    func path(_ name: String) -> String { "\(directory.path)/\(name)" }

    func write(_ identity: Identity, _ name: String) throws {
        try directory.write(try Self.text { PEM_write_bio_X509($0, identity.certificate) }, to: "\(name).pem")
        let key = try Self.text { PEM_write_bio_PrivateKey($0, identity.key, nil, nil, 0, nil, nil) }
        try directory.write(key, to: "\(name).key")
    }

    /// The key under the password "secret".
    func writeEncrypted(_ identity: Identity, _ name: String) throws {
        let password = Array("secret".utf8)
        let key = try Self.text {
            PEM_write_bio_PrivateKey($0, identity.key, EVP_aes_128_cbc(), password, Int32(password.count), nil, nil)
        }
        try directory.write(key, to: name)
    }

    private static func text(_ body: (OpaquePointer) -> Int32) throws -> [UInt8] {
        guard let output = BIO_new(BIO_s_mem()) else { throw Failure(step: "BIO_new") }
        defer { BIO_free(output) }
        guard body(output) == 1 else { throw Failure(step: "PEM") }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(output))
        BIO_read(output, &bytes, Int32(bytes.count))
        return bytes
    }

    private static func make(_ subject: Subject, issuer: Identity?) throws -> Identity {
        let key = try makeKey()
        guard let certificate = X509_new() else { throw Failure(step: "X509_new") }
        let identity = Identity(certificate: certificate, key: key)
        X509_set_version(certificate, 2)
        ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1 ... .max))
        X509_gmtime_adj(X509_getm_notBefore(certificate), subject.validity.0)
        X509_gmtime_adj(X509_getm_notAfter(certificate), subject.validity.1)
        X509_set_pubkey(certificate, key)
        guard let name = X509_get_subject_name(certificate) else { throw Failure(step: "name") }
        for (field, value) in [("O", "GRACE"), ("CN", subject.name)] {
            X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, Array(value.utf8), Int32(value.utf8.count), -1, 0)
        }
        X509_set_issuer_name(certificate, issuer.map { X509_get_subject_name($0.certificate) } ?? name)
        let constraint = subject.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE"
        guard let constraints = X509V3_EXT_conf_nid(nil, nil, NID_basic_constraints, constraint) else {
            throw Failure(step: "extension")
        }
        X509_add_ext(certificate, constraints, -1)
        X509_EXTENSION_free(constraints)
        guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else { throw Failure(step: "X509_sign") }
        return identity
    }

    private static func makeKey() throws -> OpaquePointer {
        guard let generator = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw Failure(step: "EC") }
        defer { EVP_PKEY_CTX_free(generator) }
        var key: OpaquePointer?
        guard EVP_PKEY_keygen_init(generator) == 1, EVP_PKEY_CTX_set_group_name(generator, "P-256") == 1,
            EVP_PKEY_generate(generator, &key) == 1, let key
        else { throw Failure(step: "EVP_PKEY_generate") }
        return key
    }
}
