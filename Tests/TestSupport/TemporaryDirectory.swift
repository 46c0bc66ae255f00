import Foundation
import Glibc

/// A directory for the files of one test; gone with the value.
package final class TemporaryDirectory: Sendable {
    /// The absolute path, without a slash at the end.
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "grace-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, replacing one of the same name, and returns its path.
    @discardableResult
    package func write(_ bytes: [UInt8], to name: String) throws -> String {
        let file = "\(path)/\(name)"
        // A new file each time: one that is still open must not change.
        if FileManager.default.fileExists(atPath: file) { try FileManager.default.removeItem(atPath: file) }
        // Not `Data.write`: it waits until the disk has the bytes, which fuzz tests do thousands of times.
        guard let stream = fopen(file, "wb") else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        let written = fwrite(bytes, 1, bytes.count, stream)
        guard fclose(stream) == 0, written == bytes.count else { throw POSIXError(.EIO) }
        return file
    }

    /// Writes a file that goes on with zeros, which take no room on the disk, up to `size` bytes.
    package func write(_ bytes: [UInt8], to name: String, size: Int) throws -> String {
        let file = try write(bytes, to: name)
        guard truncate(file, off_t(size)) == 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        return file
    }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        try write([UInt8](text.utf8), to: name)
    }

    /// Makes a directory inside this one and returns its path.
    package func makeDirectory(_ name: String) throws -> String {
        let directory = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return directory
    }

    /// Removes a file.
    package func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
}
