import Glibc
import SystemPackage

/// A file that is being written, with the digest of its bytes on the way. Not for use by several threads at once.
package final class FileWriter {
    /// The path as the caller gave it.
    package let path: FilePath
    /// Bytes written so far.
    package private(set) var byteCount = 0
    private let hasher: SHA256Hasher
    private var finishedDigest: SHA256Digest?
    private var descriptor: CInt

    /// Creates the file, which must not exist.
    ///
    /// - Parameter path: what messages call it, if not by its name.
    /// - Throws: `io`, `digestUnavailable`.
    package convenience init(creating file: FilePath, named path: FilePath? = nil) throws(CheckpointError) {
        let path = path ?? file
        let descriptor = file.withPlatformString { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644) }
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

    /// Leaves room at the beginning that `finish` fills: no part of the digest, nor of the bytes that are counted.
    ///
    /// - Precondition: nothing has been written.
    /// - Throws: `io`.
    func reserve(_ count: Int) throws(CheckpointError) {
        precondition(descriptor >= 0 && byteCount == 0, "\(path) has begun")
        guard lseek(descriptor, off_t(count), SEEK_SET) >= 0 else {
            throw .io(path: path.string, operation: "write", errno: errno)
        }
    }

    /// Appends bytes.
    ///
    /// - Precondition: neither `digest` nor `finish` has been called.
    /// - Throws: `io`, among that a full disk; `digestUnavailable`.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
        precondition(descriptor >= 0 && finishedDigest == nil, "\(path) is finished")
        try hasher.update(bytes)
        try put(bytes) { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        byteCount += bytes.count
    }

    /// - Parameter call: writes some of the bytes that are left, and says how many.
    private func put(
        _ bytes: UnsafeRawBufferPointer, _ call: (_ rest: UnsafeRawBufferPointer) -> Int
    ) throws(CheckpointError) {
        var written = 0
        while written < bytes.count {
            let count = call(UnsafeRawBufferPointer(rebasing: bytes[written...]))
            if count > 0 {
                written += count
            } else if count == 0 || errno != EINTR {
                throw .io(path: path.string, operation: "write", errno: count == 0 ? EIO : errno)
            }
        }
    }

    /// Appends bytes.
    ///
    /// - Precondition: neither `digest` nor `finish` has been called.
    /// - Throws: `io`, among that a full disk; `digestUnavailable`.
    package func write(_ bytes: [UInt8]) throws(CheckpointError) {
        try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
            try write(UnsafeRawBufferPointer(buffer))
        }
    }

    /// The digest of all bytes that were written, which end with that.
    ///
    /// - Throws: `digestUnavailable`.
    func digest() throws(CheckpointError) -> SHA256Digest {
        if let finishedDigest { return finishedDigest }
        let digest = try hasher.finish()
        finishedDigest = digest
        return digest
    }

    /// Waits until the disk has all bytes, and closes the file.
    ///
    /// - Parameter beginning: what fills the room that was reserved.
    /// - Precondition: it has not been called.
    /// - Returns: the digest of all bytes that were written.
    /// - Throws: `io`, `digestUnavailable`. A sync that failed is not tried again: what it failed for is forgotten by then.
    @discardableResult
    package func finish(beginning: [UInt8] = []) throws(CheckpointError) -> SHA256Digest {
        precondition(descriptor >= 0, "\(path) is finished")
        defer {
            close(descriptor)
            descriptor = -1
        }
        try beginning.withUnsafeBufferPointer { buffer throws(CheckpointError) in
            try put(UnsafeRawBufferPointer(buffer)) { rest in
                pwrite(descriptor, rest.baseAddress, rest.count, off_t(buffer.count - rest.count))
            }
        }
        // A device or a pipe has nothing that could be synced.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .io(path: path.string, operation: "sync", errno: errno)
        }
        return try digest()
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
