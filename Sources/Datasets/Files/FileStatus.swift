import Glibc
import SystemPackage

/// What two names of one file have in common.
struct FileIdentity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
}

/// What stands at a path or is open.
package struct FileStatus {
    /// Neither a pipe nor a device.
    package let isRegular: Bool
    /// Its size.
    package let byteCount: Int
    let identity: FileIdentity

    /// Looks at what is open.
    ///
    /// - Throws: `DatasetError.io`
    package init(of descriptor: FileDescriptor, path: String) throws(DatasetError) {
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            throw .io(path: path, operation: "examine", errno: errno)
        }
        self.init(status)
    }

    /// Symbolic links are followed; nil if nothing stands there.
    ///
    /// - Throws: `DatasetError.io`
    init?(path: FilePath) throws(DatasetError) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            if errno == ENOENT { return nil }
            throw .io(path: path.string, operation: "examine", errno: errno)
        }
        self.init(status)
    }

    private init(_ status: stat) {
        isRegular = status.st_mode & S_IFMT == S_IFREG
        byteCount = Int(status.st_size)
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
