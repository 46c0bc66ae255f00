import Checkpoints
import Glibc
import Gzip
import SystemPackage

/// An input that is read once, from its beginning to its end: a file, compressed or not, or a pipe.
///
/// Not for use by several threads at once.
package final class InputFile {
    /// What is read at once. Of compressed bytes less: each may become a thousand.
    private static let pieceSize = 256 * 1024
    private static let compressedPieceSize = 16 * 1024

    /// As the caller gave it.
    package let path: FilePath
    /// How many bytes of the file, as it is stored, have been read.
    package private(set) var byteCount = 0
    /// Its size as it is stored; nil of a pipe.
    package let storedByteCount: Int?
    /// What it is, whatever it is called.
    let identity: FileIdentity
    private let descriptor: FileDescriptor
    private let hasher: SHA256Hasher
    private var inflater: Inflater?
    /// Read to see what they begin with, and not handed out yet.
    private var firstBytes: [UInt8]
    private var isAtEnd = false

    /// Opens a file and looks at its first bytes.
    ///
    /// - Throws: `DatasetError.io`, `.file`, `.gzip`
    package convenience init(path: FilePath) throws(DatasetError) {
        try self.init(
            systemCall(path.string, "open") {
                try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            }, path: path)
    }

    /// What the process is given to read, from where it stands.
    ///
    /// - Throws: `DatasetError.io`, `.file`, `.gzip`
    package static func standardInput() throws(DatasetError) -> InputFile {
        let name: FilePath = "standard input"
        // A descriptor of its own: the process's stays open.
        return try InputFile(
            systemCall(name.string, "open") { try FileDescriptor.standardInput.duplicate() }, path: name)
    }

    /// Takes a descriptor over.
    private init(_ descriptor: FileDescriptor, path: FilePath) throws(DatasetError) {
        self.path = path
        self.descriptor = descriptor
        hasher = try fileErrors { () throws(CheckpointError) in try SHA256Hasher() }
        firstBytes = []
        let status = try FileStatus(of: descriptor, path: path.string)
        storedByteCount = status.isRegular ? status.byteCount : nil
        identity = status.identity
        // A pipe may give them one by one.
        while firstBytes.count < 2 {
            let bytes = try read(Self.compressedPieceSize)
            if bytes.isEmpty { break }
            firstBytes += bytes
        }
        if firstBytes.starts(with: [0x1F, 0x8B]) {
            // Without a limit of its own: what is inflated is not kept. One that is above any file's, and no overflow.
            inflater = try gzip { () throws(InflateError) in
                try Inflater(.gzip, limits: InflateLimits(maxSize: 1 << 60))
            }
        }
    }

    /// Whether the file is stored compressed.
    package var isCompressed: Bool { inflater != nil }

    deinit {
        Glibc.close(descriptor.rawValue)
    }

    /// The next bytes of the text, inflated where the file is compressed; nil at the end.
    ///
    /// - Throws: `DatasetError.io`, `.file`, `.gzip`
    package func next() throws(DatasetError) -> [UInt8]? {
        while !isAtEnd {
            let stored = try nextStored()
            isAtEnd = stored.isEmpty
            guard let inflater else { return isAtEnd ? nil : stored }
            let inflated = try gzip { () throws(InflateError) in
                if stored.isEmpty { try inflater.finish() }
                return try inflater.inflate(stored)
            }
            if !inflated.isEmpty { return inflated }
        }
        return nil
    }

    /// The digest of the file as it is stored, once all of it has been read.
    ///
    /// - Throws: `DatasetError.file`
    package func digest() throws(DatasetError) -> SHA256Digest {
        precondition(isAtEnd, "\(path) has not been read to its end")
        return try fileErrors { () throws(CheckpointError) in try hasher.finish() }
    }

    private func nextStored() throws(DatasetError) -> [UInt8] {
        if firstBytes.isEmpty { return try read(inflater == nil ? Self.pieceSize : Self.compressedPieceSize) }
        defer { firstBytes = [] }
        return firstBytes
    }

    private func read(_ size: Int) throws(DatasetError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        let count = try systemCall(path.string, "read") {
            try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        }
        bytes.removeLast(size - count)
        byteCount += count
        try fileErrors { () throws(CheckpointError) in try hasher.update(bytes) }
        return bytes
    }

    private func gzip<Value>(_ body: () throws(InflateError) -> Value) throws(DatasetError) -> Value {
        do throws(InflateError) {
            return try body()
        } catch {
            throw .gzip(path: path.string, error)
        }
    }
}
