import COpenSSL

/// What is kept and compared of a key: its SHA-256 digest, which has one length whatever the key's.
struct KeyDigest: Sendable, Equatable {
    private let bytes: [UInt8]

    init(of key: [UInt8]) {
        bytes = [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { buffer, count in
            // It fails for want of arguments alone.
            let digest = SHA256(key, key.count, buffer.baseAddress)
            precondition(digest != nil, "OpenSSL gives no SHA-256 digest")
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// In a time that tells nothing of where the two differ.
    func isSame(as other: KeyDigest) -> Bool {
        CRYPTO_memcmp(bytes, other.bytes, Int(SHA256_DIGEST_LENGTH)) == 0
    }
}
