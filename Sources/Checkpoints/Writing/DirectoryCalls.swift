import CFiles
import Glibc
import SystemPackage

/// The system calls on directories, with typed errors.
enum DirectoryCalls {
    /// Makes an empty directory.
    ///
    /// - Throws: `io`.
    static func create(_ directory: FilePath) throws(CheckpointError) {
        guard directory.withPlatformString({ mkdir($0, 0o755) }) == 0 else {
            throw .io(path: directory.string, operation: "create", errno: errno)
        }
    }

    /// Waits until the disk has the entries of a directory.
    ///
    /// - Throws: `io`.
    static func sync(_ directory: FilePath) throws(CheckpointError) {
        let descriptor = directory.withPlatformString { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .io(path: directory.string, operation: "open", errno: errno) }
        defer { close(descriptor) }
        // Some network file systems refuse it: there entries are written as they are made.
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw .io(path: directory.string, operation: "sync", errno: errno)
        }
    }

    /// Gives a file or a directory another name, in the place of a file of that name.
    ///
    /// - Throws: `io`.
    static func rename(_ from: FilePath, to: FilePath) throws(CheckpointError) {
        let status = from.withPlatformString { from in to.withPlatformString { Glibc.rename(from, $0) } }
        guard status == 0 else { throw .io(path: from.string, operation: "rename to \(to)", errno: errno) }
    }

    /// Lets two directories change names.
    ///
    /// - Returns: whether the file system can.
    /// - Throws: `io`.
    static func exchange(_ first: FilePath, _ second: FilePath) throws(CheckpointError) -> Bool {
        let status = first.withPlatformString { first in
            second.withPlatformString { renameat2(AT_FDCWD, first, AT_FDCWD, $0, grace_rename_exchange) }
        }
        guard status != 0 else { return true }
        guard [EINVAL, ENOSYS, EOPNOTSUPP].contains(errno) else {
            throw .io(path: first.string, operation: "exchange with \(second)", errno: errno)
        }
        return false
    }
}

/// The mark that somebody is writing a directory or a file; the system takes it away when the process ends, however it ends.
final class WritingLock {
    private let descriptor: CInt

    /// Marks what nobody else has marked.
    ///
    /// - Throws: `io`.
    init(_ path: FilePath) throws(CheckpointError) {
        descriptor = path.withPlatformString { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .io(path: path.string, operation: "open", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno == EOPNOTSUPP || errno == ENOLCK else {
            let number = errno
            close(descriptor)
            throw .io(path: path.string, operation: "lock", errno: number)
        }
    }

    deinit {
        close(descriptor)
    }

    /// Whether something is there and marked.
    ///
    /// - Throws: `io`.
    static func isHeld(_ path: FilePath) throws(CheckpointError) -> Bool {
        do throws(CheckpointError) {
            _ = try WritingLock(path)
            return false
        } catch .io(_, _, errno: EWOULDBLOCK) {
            return true
        } catch .io(_, _, errno: ENOENT) {
            return false
        }
    }
}
