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
        try self.init { update throws(CheckpointError) in
            try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
                try update(UnsafeRawBufferPointer(buffer))
            }
        }
    }

    /// The digest of the whole file.
    ///
    /// - Throws: `digestUnavailable`, `io`, `changedWhileRead`.
    package init(of file: RegularFile) throws(CheckpointError) {
        var piece = [UInt8](repeating: 0, count: min(file.byteCount, Self.pieceSize))
        try self.init { update throws(CheckpointError) in
            for start in stride(from: 0, to: file.byteCount, by: Self.pieceSize) {
                try piece.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
                    let part = UnsafeMutableRawBufferPointer(
                        rebasing: UnsafeMutableRawBufferPointer(buffer)[..<min(buffer.count, file.byteCount - start)])
                    try file.read(from: start, into: part)
                    try update(UnsafeRawBufferPointer(part))
                }
            }
        }
    }

    /// What a core's cache holds.
    private static let pieceSize = 1 << 18

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The digest of the bytes that `read` hands to its argument, piece by piece.
    private init(
        _ read: (_ update: (UnsafeRawBufferPointer) throws(CheckpointError) -> Void) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        guard let context = EVP_MD_CTX_new() else { throw .digestUnavailable }
        defer { EVP_MD_CTX_free(context) }
        func check(_ status: CInt) throws(CheckpointError) {
            guard status == 1 else { throw .digestUnavailable }
        }
        var digest = [UInt8](repeating: 0, count: 32)
        try check(EVP_DigestInit_ex(context, EVP_sha256(), nil))
        try read { bytes throws(CheckpointError) in
            try check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
        }
        try check(EVP_DigestFinal_ex(context, &digest, nil))
        self.bytes = digest
    }
}

/// The digest of one of the files that define a model.
package struct FileDigest: Sendable, Hashable {
    /// The last component of the file's path.
    package let fileName: String
    /// The digest of all its bytes.
    package let sha256: SHA256Digest

    /// Takes both as they are.
    package init(fileName: String, sha256: SHA256Digest) {
        self.fileName = fileName
        self.sha256 = sha256
    }
}

extension FileDigest {
    /// Reads the whole file.
    ///
    /// - Throws: `digestUnavailable`, `io`, `changedWhileRead`.
    init(of file: RegularFile) throws(CheckpointError) {
        self.init(fileName: file.path.lastComponent?.string ?? file.name, sha256: try SHA256Digest(of: file))
    }
}
