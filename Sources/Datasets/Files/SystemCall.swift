import Checkpoints
import SystemPackage

/// Runs a call of swift-system, and names the file that it failed on.
///
/// - Throws: `DatasetError.io`
package func systemCall<Value>(
    _ path: String, _ operation: String, _ body: () throws -> Value
) throws(DatasetError) -> Value {
    do {
        return try body()
    } catch let error as Errno {
        throw .io(path: path, operation: operation, errno: error.rawValue)
    } catch {
        // swift-system throws `Errno` alone.
        throw .io(path: path, operation: operation, errno: Errno.ioError.rawValue)
    }
}

/// Runs what reads or digests files as those of checkpoints are.
///
/// - Throws: `DatasetError.file`
package func fileErrors<Value>(_ body: () throws(CheckpointError) -> Value) throws(DatasetError) -> Value {
    do throws(CheckpointError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
