import Foundation
import SystemPackage

/// What lies in a directory.
enum DirectoryListing {
    /// The names of its entries, sorted.
    ///
    /// - Throws: `io`.
    static func names(in directory: FilePath) throws(CheckpointError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory.string).sorted()
        } catch {
            throw .io(path: directory.string, operation: "list", errno: errorNumber(of: error))
        }
    }

    /// Removes a file, a link or a directory with all that is in it; nothing if nothing is there.
    ///
    /// - Throws: `io`.
    static func remove(_ path: FilePath) throws(CheckpointError) {
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            let number = errorNumber(of: error)
            if number != POSIXErrorCode.ENOENT.rawValue {
                throw .io(path: path.string, operation: "remove", errno: number)
            }
        }
    }

    private static func errorNumber(of error: any Error) -> Int32 {
        let cause = (error as? CocoaError)?.underlying as? POSIXError
        return (cause?.code ?? .EIO).rawValue
    }
}
