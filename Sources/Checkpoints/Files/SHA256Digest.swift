import COpenSSL
import SystemPackage

/// A SHA-256 digest (FIPS 180-4).
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    package let bytes: [UInt8]

    /// The digest of `bytes`.
    ///
    /// - Throws: `digestUnavailable`.
    package init(of bytes: [UInt8]) throws(CheckpointError) {
        guard let digest = Self.digest({ update in bytes.withUnsafeBytes(update) }) else { throw .digestUnavailable }
        self.bytes = digest
    }

    /// The digest of the whole file.
    ///
    /// - Throws: `digestUnavailable`.
    package init(of file: MappedFile) throws(CheckpointError) {
        // In pieces whose memory is given back, or a large file would take as much as itself.
        let pieces = stride(from: 0, to: file.byteCount, by: Self.pieceSize)
            .map { $0..<min($0 + Self.pieceSize, file.byteCount) }
        let digest = Self.digest { update in
            pieces.allSatisfy { piece in
                defer { file.release(piece) }
                return file.withBytes(piece, update)
            }
        }
        guard let digest else { throw .digestUnavailable }
        bytes = digest
    }

    private static let pieceSize = 1 << 24

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The digest of the bytes that `read` hands to its argument, piece by piece; nil where either says no.
    private static func digest(_ read: (_ update: (UnsafeRawBufferPointer) -> Bool) -> Bool) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var digest = [UInt8](repeating: 0, count: 32)
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1,
            read({ EVP_DigestUpdate(context, $0.baseAddress, $0.count) == 1 }),
            EVP_DigestFinal_ex(context, &digest, nil) == 1
        else { return nil }
        return digest
    }
}

/// The digest of one of the files that define a model.
package struct FileDigest: Sendable, Hashable {
    /// The last component of the file's path.
    package let fileName: String
    /// The digest of all its bytes.
    package let sha256: SHA256Digest
}

extension FileDigest {
    /// Reads the whole file.
    ///
    /// - Throws: `digestUnavailable`.
    init(of file: MappedFile) throws(CheckpointError) {
        self.init(fileName: file.path.lastComponent?.string ?? file.name, sha256: try SHA256Digest(of: file))
    }
}
