import SystemPackage

/// A SHA-256 digest (FIPS 180-4).
package struct SHA256Digest: Sendable, Hashable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    package let bytes: [UInt8]

    /// The digest of `bytes`.
    ///
    /// - Throws: `digestUnavailable`.
    package init(of bytes: [UInt8]) throws(CheckpointError) {
        let hasher = try SHA256Hasher()
        try hasher.update(bytes)
        self = try hasher.finish()
    }

    /// The digest of the whole file.
    ///
    /// - Throws: `digestUnavailable`, `io`, `changedWhileRead`.
    package init(of file: RegularFile) throws(CheckpointError) {
        var piece = [UInt8](repeating: 0, count: min(file.byteCount, Self.pieceSize))
        let hasher = try SHA256Hasher()
        for start in stride(from: 0, to: file.byteCount, by: Self.pieceSize) {
            try piece.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[..<min(buffer.count, file.byteCount - start)])
                try file.read(from: start, into: part)
                try hasher.update(UnsafeRawBufferPointer(part))
            }
        }
        self = try hasher.finish()
    }

    /// What a core's cache holds.
    private static let pieceSize = 1 << 18

    /// 64 lower-case hexadecimal digits.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// 32 bytes that `SHA256Hasher` made.
    init(bytes: [UInt8]) {
        self.bytes = bytes
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
