import Foundation
import SystemPackage

/// The bytes of a file of at most `limit` bytes.
///
/// - Throws: `EvaluationError.unreadable`, `.tooLarge`
func bytes(ofFile path: FilePath, limit: Int) throws(EvaluationError) -> [UInt8] {
    do {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .nonBlocking)
        return try descriptor.closeAfter {
            var (bytes, piece) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
            while bytes.count <= limit {
                let count = try piece.withUnsafeMutableBytes { try descriptor.read(into: $0) }
                if count == 0 { return bytes }
                bytes += piece.prefix(count)
            }
            throw EvaluationError.tooLarge(path: path.string, limit: limit)
        }
    } catch let error as EvaluationError {
        throw error
    } catch {
        throw .unreadable(path: path.string, reason: "\(error)")
    }
}

/// The names of what is in a directory, in no order.
///
/// - Throws: `EvaluationError.unreadable`
func fileNames(inDirectory directory: FilePath) throws(EvaluationError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: directory.string)
    } catch {
        throw .unreadable(path: directory.string, reason: error.localizedDescription)
    }
}
