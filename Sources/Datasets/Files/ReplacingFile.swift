import Checkpoints
import Glibc
import SystemPackage

/// A file that is written beside the one that it replaces, and takes its name once all of it is on the disk.
///
/// Whoever looks finds the old file or the new one, never half of one. It is gone with the value, unless committed. A
/// process that is killed leaves it behind, under a hidden name that ends in `.partial`.
package final class ReplacingFile {
    /// What it will be called.
    package let path: FilePath
    private let temporary: FilePath
    private let descriptor: FileDescriptor
    private let buffer: OutputBuffer
    /// Room at the beginning for what is known last.
    private let reservedByteCount: Int
    private var isCommitted = false

    /// Makes the file, under a name of its own in the same directory.
    ///
    /// - Parameter reserving: how many bytes `commit` will put before what is written.
    /// - Throws: `DatasetError.io`, `.notReplaceable`, `.file`
    package init(replacing path: FilePath, reserving reservedByteCount: Int = 0) throws(DatasetError) {
        if let status = try FileStatus(path: path), !status.isRegular { throw .notReplaceable(path: path.string) }
        guard let name = path.lastComponent?.string else { throw .notReplaceable(path: path.string) }
        self.path = path
        self.reservedByteCount = reservedByteCount
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        // A name as long as a file system's longest leaves no room for a suffix.
        let temporary = path.removingLastComponent().appending(".\(name.prefix(40)).\(suffix).partial")
        let descriptor = try systemCall(path.string, "create") {
            try FileDescriptor.open(
                temporary, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: [.ownerReadWrite, .groupRead, .otherRead])
        }
        do throws(DatasetError) {
            buffer = try OutputBuffer(descriptor, path: path.string)
            try systemCall(path.string, "write") {
                _ = try descriptor.seek(offset: Int64(reservedByteCount), from: .start)
            }
        } catch {
            Self.discard(descriptor, temporary)
            throw error
        }
        self.temporary = temporary
        self.descriptor = descriptor
    }

    deinit {
        if isCommitted {
            close(descriptor.rawValue)
        } else {
            Self.discard(descriptor, temporary)
        }
    }

    /// How many bytes follow the reserved ones.
    package var byteCount: Int { buffer.byteCount }

    /// - Throws: `DatasetError.io`, `.file`
    package func write(_ bytes: [UInt8]) throws(DatasetError) {
        try buffer.write(bytes)
    }

    /// The digest of what follows the reserved bytes.
    ///
    /// - Throws: `DatasetError.io`, `.file`
    package func digest() throws(DatasetError) -> SHA256Digest {
        try buffer.digest()
    }

    /// Fills the reserved bytes, waits until the disk has all of it, and gives the file its name.
    ///
    /// - Precondition: `beginning` has as many bytes as were reserved.
    /// - Throws: `DatasetError.io`, `.file`
    package func commit(beginning: [UInt8] = []) throws(DatasetError) {
        precondition(
            beginning.count == reservedByteCount, "\(beginning.count) bytes where \(reservedByteCount) were reserved")
        try buffer.flush()
        try systemCall(path.string, "write") { _ = try descriptor.writeAll(toAbsoluteOffset: 0, beginning) }
        guard fsync(descriptor.rawValue) == 0 else { throw failed("write") }
        let status = temporary.withPlatformString { from in path.withPlatformString { to in rename(from, to) } }
        guard status == 0 else { throw failed("replace") }
        isCommitted = true
        try synchroniseDirectory()
    }

    /// Else a crash of the machine could take the name back.
    private func synchroniseDirectory() throws(DatasetError) {
        let parent = path.removingLastComponent()
        let directory = try systemCall(path.string, "open the directory of") {
            try FileDescriptor.open(parent.isEmpty ? "." : parent, .readOnly, options: [.closeOnExec, .directory])
        }
        defer { close(directory.rawValue) }
        guard fsync(directory.rawValue) == 0 else { throw failed("write the directory of") }
    }

    private func failed(_ operation: String) -> DatasetError {
        .io(path: path.string, operation: operation, errno: errno)
    }

    private static func discard(_ descriptor: FileDescriptor, _ temporary: FilePath) {
        close(descriptor.rawValue)
        _ = temporary.withPlatformString { unlink($0) }
    }
}
