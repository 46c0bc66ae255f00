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
        guard let digest = bytes.withUnsafeBytes(Self.digest) else { throw .digestUnavailable }
        self.bytes = digest
    }

    /// The digest of the whole file.
    ///
    /// - Throws: `digestUnavailable`.
    package init(of file: MappedFile) throws(CheckpointError) {
        guard let digest = file.withBytes(nil, Self.digest) else { throw .digestUnavailable }
        bytes = digest
    }

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        let done = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil)
        return done == 1 ? digest : nil
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
