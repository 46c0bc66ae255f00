import SystemPackage

/// Writes to a file in large pieces. Not for use by several threads at once.
final class OutputBuffer {
    private static let size = 256 * 1024

    /// What was written, the buffer's contents among them.
    private(set) var byteCount = 0
    private let descriptor: FileDescriptor
    private let path: String
    private var pending: [UInt8] = []

    /// Writes from where the descriptor stands. It stays its owner's, who closes it.
    ///
    /// - Parameter path: for messages.
    init(_ descriptor: FileDescriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
        pending.reserveCapacity(Self.size)
    }

    /// - Throws: `DatasetError.io`
    func write(_ bytes: [UInt8]) throws(DatasetError) {
        pending.append(contentsOf: bytes)
        byteCount += bytes.count
        if pending.count >= Self.size { try flush() }
    }

    /// - Throws: `DatasetError.io`
    func flush() throws(DatasetError) {
        try systemCall(path, "write") { _ = try descriptor.writeAll(pending) }
        pending.removeAll(keepingCapacity: true)
    }
}
