import Glibc
import SystemPackage

/// What stands at a path, in words for messages.
enum FileKind: String {
    case regular = "regular file"
    case directory
    case fifo = "FIFO"
    case other = "device or socket"

    init(mode: mode_t) {
        self =
            switch mode & S_IFMT {
            case S_IFREG: .regular
            case S_IFDIR: .directory
            case S_IFIFO: .fifo
            default: .other
            }
    }

    /// What stands at `path`, symbolic links followed; nil if nothing does.
    ///
    /// - Throws: `io`.
    init?(path: FilePath) throws(CheckpointError) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else {
            if errno == ENOENT { return nil }
            throw .io(path: path.string, operation: "examine", errno: errno)
        }
        self.init(mode: status.st_mode)
    }
}
