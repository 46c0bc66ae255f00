import Glibc
import SystemPackage

/// A file that is written whole or not at all.
package enum DurableFile {
    /// Writes a file in the place of whatever file has its name; when the call returns, the disk has it.
    ///
    /// - Throws: `io`, `digestUnavailable`. The old file is as it was then.
    package static func write(_ bytes: [UInt8], to path: FilePath) throws(CheckpointError) {
        guard let name = path.lastComponent, name.kind == .regular else {
            throw .io(path: path.string, operation: "replace", errno: Errno.invalidArgument.rawValue)
        }
        let parent = path.removingLastComponent()
        let partial = parent.appending(LeftoverName(name: name.string, identifier: .random(in: 0...(.max))).partial)
        let file = try FileWriter(creating: partial)
        do throws(CheckpointError) {
            let lock = try WritingLock(partial)
            defer { withExtendedLifetime(lock) {} }
            try file.write(bytes)
            try file.finish()
            try DirectoryCalls.rename(partial, to: path)
        } catch {
            // What this cannot remove, the next start clears away.
            partial.withPlatformString { _ = unlink($0) }
            throw error
        }
        try DirectoryCalls.sync(parent.isEmpty ? "." : parent)
    }
}
