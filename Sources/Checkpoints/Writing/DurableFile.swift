import Glibc
import SystemPackage

/// A file that is written beside the one that it replaces, and takes its name once all of it is on the disk. Not for use by
/// several threads at once.
///
/// Whoever looks finds the old file or the new one, never half of one. It is gone with the value, unless committed. What a
/// process leaves that is killed, `DurableDirectory.recover` clears away.
package final class DurableFile {
    private static let bufferSize = 256 * 1024

    /// What it will be called.
    package let path: FilePath
    private let partial: FilePath
    private let file: FileWriter
    private let lock: WritingLock
    /// Room at the beginning for what is known last.
    private let reservedByteCount: Int
    private var pending: [UInt8] = []
    private var isInPlace = false

    /// Makes the file, under a name of its own in the same directory.
    ///
    /// - Parameter reserving: how many bytes `commit` will put before what is written.
    /// - Throws: `io`, `digestUnavailable`; `notRegularFile` where something else has the name.
    package init(replacing path: FilePath, reserving reservedByteCount: Int = 0) throws(CheckpointError) {
        guard let name = path.lastComponent, name.kind == .regular else {
            throw .io(path: path.string, operation: "replace", errno: Errno.invalidArgument.rawValue)
        }
        if let kind = try FileKind(path: path), kind != .regular {
            throw .notRegularFile(path: path.string, kind: kind.rawValue)
        }
        // A name as long as a file system's longest leaves no room for what is added to it.
        let leftover = LeftoverName(name: String(name.string.prefix(40)), identifier: .random(in: 0...(.max)))
        let partial = path.removingLastComponent().appending(leftover.partial)
        let file = try FileWriter(creating: partial, named: path)
        do throws(CheckpointError) {
            try file.reserve(reservedByteCount)
            lock = try WritingLock(partial)
        } catch {
            Self.discard(partial)
            throw error
        }
        self.path = path
        self.file = file
        self.partial = partial
        self.reservedByteCount = reservedByteCount
    }

    deinit {
        if !isInPlace { Self.discard(partial) }
    }

    /// How many bytes follow the reserved ones.
    package var byteCount: Int { file.byteCount + pending.count }

    /// Appends bytes, in large pieces.
    ///
    /// - Throws: `io`, among that a full disk; `digestUnavailable`.
    package func write(_ bytes: [UInt8]) throws(CheckpointError) {
        pending.append(contentsOf: bytes)
        if pending.count >= Self.bufferSize { try flush() }
    }

    /// The digest of what follows the reserved bytes, which ends with that.
    ///
    /// - Throws: `io`, `digestUnavailable`.
    package func digest() throws(CheckpointError) -> SHA256Digest {
        try flush()
        return try file.digest()
    }

    /// Fills the reserved bytes, waits until the disk has all of it, and gives the file its name.
    ///
    /// - Precondition: `beginning` has as many bytes as were reserved.
    /// - Throws: `io`, `digestUnavailable`.
    package func commit(beginning: [UInt8] = []) throws(CheckpointError) {
        precondition(
            beginning.count == reservedByteCount, "\(beginning.count) bytes where \(reservedByteCount) were reserved")
        try flush()
        try file.finish(beginning: beginning)
        let status = partial.withPlatformString { from in path.withPlatformString { rename(from, $0) } }
        guard status == 0 else { throw .io(path: path.string, operation: "replace", errno: errno) }
        isInPlace = true
        // Else a crash of the machine could take the name back.
        let parent = path.removingLastComponent()
        try DirectoryCalls.sync(parent.isEmpty ? "." : parent)
    }

    /// Writes a file in the place of whatever file has its name; when the call returns, the disk has it.
    ///
    /// - Throws: `io`, `digestUnavailable`, `notRegularFile`. The old file is as it was then.
    package static func write(_ bytes: [UInt8], to path: FilePath) throws(CheckpointError) {
        let file = try DurableFile(replacing: path)
        try file.write(bytes)
        try file.commit()
    }

    private func flush() throws(CheckpointError) {
        guard !pending.isEmpty else { return }
        try file.write(pending)
        pending.removeAll(keepingCapacity: true)
    }

    /// What this cannot remove, the next start clears away.
    private static func discard(_ partial: FilePath) {
        partial.withPlatformString { _ = unlink($0) }
    }
}
