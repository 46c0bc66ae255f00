import Checkpoints
import SystemPackage

/// Writes to a file in large pieces, and digests what it writes. Not for use by several threads at once.
final class OutputBuffer {
    private static let size = 256 * 1024

    /// What was written, the buffer's contents among them.
    private(set) var byteCount = 0
    private let descriptor: FileDescriptor
    private let path: String
    private let hasher: SHA256Hasher
    private var pending: [UInt8] = []

    /// Writes from where the descriptor stands. It stays its owner's, who closes it.
    ///
    /// - Parameter path: for messages.
    /// - Throws: `DatasetError.file`
    init(_ descriptor: FileDescriptor, path: String) throws(DatasetError) {
        self.descriptor = descriptor
        self.path = path
        hasher = try fileErrors { () throws(CheckpointError) in try SHA256Hasher() }
        pending.reserveCapacity(Self.size)
    }

    /// - Throws: `DatasetError.io`, `.file`
    func write(_ bytes: [UInt8]) throws(DatasetError) {
        pending.append(contentsOf: bytes)
        byteCount += bytes.count
        if pending.count >= Self.size { try flush() }
    }

    /// - Throws: `DatasetError.io`, `.file`
    func flush() throws(DatasetError) {
        try systemCall(path, "write") { _ = try descriptor.writeAll(pending) }
        try fileErrors { () throws(CheckpointError) in try hasher.update(pending) }
        pending.removeAll(keepingCapacity: true)
    }

    /// The digest of all that was written; flushes first.
    ///
    /// - Throws: `DatasetError.io`, `.file`
    func digest() throws(DatasetError) -> SHA256Digest {
        try flush()
        return try fileErrors { () throws(CheckpointError) in try hasher.finish() }
    }
}
