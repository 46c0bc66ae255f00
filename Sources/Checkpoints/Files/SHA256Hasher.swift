import COpenSSL

/// Makes a SHA-256 digest of bytes that come piece by piece. Not for use by several threads at once.
package final class SHA256Hasher {
    private let context: OpaquePointer

    /// No bytes yet.
    ///
    /// - Throws: `digestUnavailable`.
    package init() throws(CheckpointError) {
        guard let context = EVP_MD_CTX_new() else { throw .digestUnavailable }
        self.context = context
        try Self.check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// The next bytes.
    ///
    /// - Throws: `digestUnavailable`.
    package func update(_ bytes: [UInt8]) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
            try update(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The next bytes.
    ///
    /// - Throws: `digestUnavailable`.
    func update(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        try Self.check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    /// The digest of all bytes so far; what comes after them begins anew.
    ///
    /// - Throws: `digestUnavailable`.
    package func finish() throws(CheckpointError) -> SHA256Digest {
        var digest = [UInt8](repeating: 0, count: 32)
        try Self.check(EVP_DigestFinal_ex(context, &digest, nil))
        try Self.check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
        return SHA256Digest(bytes: digest)
    }

    private static func check(_ status: CInt) throws(CheckpointError) {
        guard status == 1 else { throw .digestUnavailable }
    }
}
