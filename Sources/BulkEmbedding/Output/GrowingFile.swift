import Datasets
import Glibc
import SystemPackage

/// A file that is written from where it ends, and held by one process at a time. Not for use by several threads at once.
final class GrowingFile {
    let path: FilePath
    private let descriptor: FileDescriptor

    /// Opens a file, or makes one.
    ///
    /// - Throws: `BulkError.file`
    init(path: FilePath) throws(BulkError) {
        self.path = path
        descriptor = try bulkErrors { () throws(DatasetError) in
            try systemCall(path.string, "open") {
                try FileDescriptor.open(
                    path, .readWrite, options: [.create, .closeOnExec],
                    permissions: [.ownerReadWrite, .groupRead, .otherRead])
            }
        }
    }

    /// What is open already; it stays its owner's.
    init(_ descriptor: FileDescriptor, path: FilePath) {
        self.path = path
        self.descriptor = descriptor
    }

    /// Keeps other processes from it, until this value or the process ends.
    ///
    /// - Throws: `BulkError.outputInUse`
    func hold() throws(BulkError) {
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 || errno == EOPNOTSUPP || errno == ENOLCK else {
            throw .outputInUse(path: path.string)
        }
    }

    deinit {
        if descriptor != .standardOutput { close(descriptor.rawValue) }
    }

    /// - Throws: `BulkError.file`
    func status() throws(BulkError) -> FileStatus {
        try bulkErrors { () throws(DatasetError) in try FileStatus(of: descriptor, path: path.string) }
    }

    /// Keeps so many bytes, and goes on behind them.
    ///
    /// - Throws: `BulkError.file`
    func cut(to byteCount: Int) throws(BulkError) {
        try call("cut") {
            try descriptor.resize(to: Int64(byteCount))
            try descriptor.seek(offset: Int64(byteCount), from: .start)
        }
    }

    /// - Throws: `BulkError.file`
    func append(_ bytes: [UInt8]) throws(BulkError) {
        try call("write") { _ = try descriptor.writeAll(bytes) }
    }

    /// Writes over the first bytes.
    ///
    /// - Throws: `BulkError.file`
    func replaceBeginning(with bytes: [UInt8]) throws(BulkError) {
        try call("write") { _ = try descriptor.writeAll(toAbsoluteOffset: 0, bytes) }
    }

    /// The bytes of a range; fewer where the file ends.
    ///
    /// - Throws: `BulkError.file`
    func read(_ range: Range<Int>) throws(BulkError) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < range.count {
            var piece = [UInt8](repeating: 0, count: range.count - bytes.count)
            var count = 0
            try call("read") {
                count = try piece.withUnsafeMutableBytes {
                    try descriptor.read(fromAbsoluteOffset: Int64(range.lowerBound + bytes.count), into: $0)
                }
            }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return bytes
    }

    /// Waits until the disk has all of it.
    ///
    /// - Throws: `BulkError.file`
    func sync() throws(BulkError) {
        guard fsync(descriptor.rawValue) == 0 || errno == EINVAL else {
            throw .file(.io(path: path.string, operation: "sync", errno: errno))
        }
    }

    private func call(_ operation: String, _ body: () throws -> Void) throws(BulkError) {
        try bulkErrors { () throws(DatasetError) in try systemCall(path.string, operation, body) }
    }
}
