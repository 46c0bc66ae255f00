import Glibc
import SystemPackage

/// A file that is being written, with the digest of its bytes on the way. Not for use by several threads at once.
package final class FileWriter {
    /// The path as the caller gave it.
    package let path: FilePath
    /// Bytes written so far.
    package private(set) var byteCount = 0
    private let hasher: SHA256Hasher
    private var descriptor: CInt

    /// Creates the file, which must not exist.
    ///
    /// - Throws: `io`, `digestUnavailable`.
    package convenience init(creating path: FilePath) throws(CheckpointError) {
        let descriptor = path.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
        guard descriptor >= 0 else { throw .io(path: path.string, operation: "create", errno: errno) }
        try self.init(descriptor: descriptor, path: path)
    }

    /// Takes an open file over, and closes it.
    ///
    /// - Throws: `digestUnavailable`.
    package init(descriptor: CInt, path: FilePath) throws(CheckpointError) {
        do throws(CheckpointError) {
            hasher = try SHA256Hasher()
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// The path as text, for messages.
    var name: String { path.string }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Appends bytes.
    ///
    /// - Precondition: `finish` has not been called.
    /// - Throws: `io`, among that a full disk; `digestUnavailable`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        precondition(descriptor >= 0, "\(path) is finished")
        try hasher.update(bytes)
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw .io(path: path.string, operation: "write", errno: count == 0 ? EIO : errno)
            }
        }
        byteCount += bytes.count
    }

    /// Appends bytes.
    ///
    /// - Precondition: `finish` has not been called.
    /// - Throws: `io`, among that a full disk; `digestUnavailable`.
    package func write(_ bytes: [UInt8]) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
            try write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// Waits until the disk has all bytes, and closes the file.
    ///
    /// - Precondition: it has not been called.
    /// - Returns: the digest of all bytes.
    /// - Throws: `io`, `digestUnavailable`. A sync that failed is not tried again: what it failed for is forgotten by then.
    @discardableResult
    package func finish() throws(CheckpointError) -> SHA256Digest {
        precondition(descriptor >= 0, "\(path) is finished")
        defer {
            close(descriptor)
            descriptor = -1
        }
        // A device or a pipe has nothing that could be synced.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .io(path: path.string, operation: "sync", errno: errno)
        }
        return try hasher.finish()
    }
}

/// One file of a directory that is to be written.
package struct FileContents {
    /// Writes the bytes; it is given the digests of the files before it, in the order of writing.
    package typealias Writer = (FileWriter, [FileDigest]) throws(CheckpointError) -> Void

    /// One plain component of a path.
    package let name: String
    let write: Writer

    /// A file that is made while it is written.
    ///
    /// - Precondition: the name is one plain component of a path.
    package init(name: String, write: @escaping Writer) {
        let component = FilePath.Component(name)
        precondition(component?.kind == .regular && component?.string == name, "'\(name)' as the name of a file")
        self.name = name
        self.write = write
    }

    /// A file of bytes that are there.
    ///
    /// - Precondition: the name is one plain component of a path.
    package init(name: String, bytes: [UInt8]) {
        self.init(name: name) { file, _ throws(CheckpointError) in try file.write(bytes) }
    }
}
