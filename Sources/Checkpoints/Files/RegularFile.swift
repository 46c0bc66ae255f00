import Glibc
import SystemPackage

/// A regular file that is open for reading as long as the value lives.
///
/// It is read piece by piece into memory of the reader's own, never mapped: whoever writes over the file or truncates it
/// makes a read fail, or `checkUnchanged` after it, and crashes nothing. What is removed or renamed stays readable.
package final class RegularFile: Sendable {
    /// The path as the caller gave it.
    package let path: FilePath
    /// The size of the file in bytes, when it was opened; never 0.
    package let byteCount: Int
    private let descriptor: CInt
    private let opened: FileVersion

    /// Opens the file at `path`, following symbolic links.
    ///
    /// - Throws: `io`, `notRegularFile`, `emptyFile`.
    package init(path: FilePath) throws(CheckpointError) {
        // Without O_NONBLOCK the opening of a FIFO waits for a writer, before its kind can be looked at.
        let descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard descriptor >= 0 else { throw .io(path: path.string, operation: "open", errno: errno) }
        do throws(CheckpointError) {
            let status = try Self.status(of: descriptor, path: path)
            let kind = FileKind(mode: status.st_mode)
            guard kind == .regular else { throw .notRegularFile(path: path.string, kind: kind.rawValue) }
            guard status.st_size > 0 else { throw .emptyFile(path: path.string) }
            opened = FileVersion(status)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        byteCount = opened.byteCount
    }

    deinit {
        close(descriptor)
    }

    /// The path as text, for messages.
    package var name: String { path.string }

    /// Fills `destination` with the bytes from `offset` on; several threads may read at once.
    ///
    /// - Precondition: the bytes lie inside the size that the file had when it was opened.
    /// - Throws: `io`; `changedWhileRead` if the file has become shorter.
    package func read(from offset: Int, into destination: UnsafeMutableRawBufferPointer) throws(CheckpointError) {
        precondition(
            offset >= 0 && destination.count <= byteCount - offset,
            "\(destination.count) bytes at \(offset) requested of a file of \(byteCount)")
        var filled = 0
        while filled < destination.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: destination[filled...])
            let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + filled))
            if count > 0 {
                filled += count
            } else if count == 0 {
                try checkUnchanged()
                // The size that has just been asked for says that there are bytes: a file system that contradicts itself.
                throw .io(path: name, operation: "read", errno: EIO)
            } else if errno != EINTR {
                throw .io(path: name, operation: "read", errno: errno)
            }
        }
    }

    /// The bytes of `range`, or of the whole file.
    ///
    /// - Precondition: `range` lies inside the size that the file had when it was opened.
    /// - Throws: `io`, `changedWhileRead`.
    package func bytes(_ range: Range<Int>? = nil) throws(CheckpointError) -> [UInt8] {
        let range = range ?? 0..<byteCount
        var bytes = [UInt8](repeating: 0, count: range.count)
        try bytes.withUnsafeMutableBufferPointer { buffer throws(CheckpointError) in
            try read(from: range.lowerBound, into: UnsafeMutableRawBufferPointer(buffer))
        }
        return bytes
    }

    /// Checks that nobody has written to the file, or replaced it, since it was opened: all that was read is of one version.
    ///
    /// - Throws: `changedWhileRead`, `io`.
    package func checkUnchanged() throws(CheckpointError) {
        let found = FileVersion(try Self.status(of: descriptor, path: path))
        guard found == opened else {
            throw .changedWhileRead(path: name, opened: opened.description, found: found.description)
        }
    }

    private static func status(of descriptor: CInt, path: FilePath) throws(CheckpointError) -> stat {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .io(path: path.string, operation: "examine", errno: errno)
        }
        return status
    }
}

extension RegularFile: Equatable {
    /// Whether it is the same open file; a file may be open more than once.
    package static func == (first: RegularFile, second: RegularFile) -> Bool { first === second }
}

/// What tells one version of a file's contents from another.
private struct FileVersion: Equatable, CustomStringConvertible {
    let byteCount: Int
    /// Nanoseconds since 1970: of the last writing, and of the last change of whatever kind, which no program can set back.
    let modified: Int
    let changed: Int

    init(_ status: stat) {
        byteCount = Int(status.st_size)
        modified = Self.nanoseconds(status.st_mtim)
        changed = Self.nanoseconds(status.st_ctim)
    }

    private static func nanoseconds(_ time: timespec) -> Int {
        Int(time.tv_sec) &* 1_000_000_000 &+ Int(time.tv_nsec)
    }

    var description: String {
        "\(byteCount) bytes, modified at \(Self.seconds(modified)), changed at \(Self.seconds(changed))"
    }

    private static func seconds(_ nanoseconds: Int) -> String {
        let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let digits = String(rest.magnitude)
        return "\(seconds).\(String(repeating: "0", count: 9 - digits.count))\(digits)"
    }
}
