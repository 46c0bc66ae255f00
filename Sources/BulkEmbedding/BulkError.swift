import Datasets
import Grace
import Serving

/// Everything that ends the embedding of lines before all of them are done.
///
/// `path` is a path as the caller gave it; lines count from 1.
package enum BulkError: Error, Equatable, Sendable {
    // MARK: Input and model

    /// A file that cannot be read or written.
    case file(DatasetError)
    /// A line that holds no text, where none is passed over.
    case refusedLine(path: String, line: Int, TextRefusal)
    /// The checkpoint cannot be loaded.
    case store(StoreError)
    /// The settings or the model are at fault.
    case grace(GraceError)

    // MARK: Output

    /// A file that has something in it already.
    case outputExists(path: String)
    /// Another process writes it.
    case outputInUse(path: String)
    /// What is no regular file, where rows are to be found again, or counted last.
    case notRegular(path: String)
    /// Bytes that no progress file explains.
    case noProgress(path: String, progress: String)
    /// A progress file that was not written as it is.
    case damagedProgress(path: String, line: Int, reason: String)
    /// An output that was made by another checkpoint, or with other options.
    case otherRun(path: String, key: String, expected: String, found: String)
    /// An output that lacks bytes, or is not what its progress file tells of.
    case otherOutput(path: String, reason: String)
    /// An input of which lines that are done are others than they were.
    case otherInput(path: String, line: Int)
}

extension BulkError: CustomStringConvertible {
    /// One line, with the file, the place and both values.
    package var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .refusedLine(let path, let line, let refusal): "\(path):\(line): \(refusal)"
        case .store(let error): "\(error)"
        case .grace(let error): error.description(inputs: "texts")
        case .outputExists(let path):
            "\(path): the file has something in it; --resume goes on with what this command wrote"
        case .outputInUse(let path): "\(path): another process is writing it"
        case .notRegular(let path): "\(path): expected a regular file: .npy and --resume need one"
        case .noProgress(let path, let progress):
            "\(path): cannot go on with it: there is no \(progress), which says how it was made"
        case .damagedProgress(let path, let line, let reason): "\(path):\(line): the progress is damaged: \(reason)"
        case .otherRun(let path, let key, let expected, let found):
            "\(path): cannot go on with it: it was made with \(key) \(expected), asked for is \(found)"
        case .otherOutput(let path, let reason): "\(path): cannot go on with it: \(reason)"
        case .otherInput(let path, let line):
            "\(path): cannot go on with it: the \(line) lines that are done are not those of the output"
        }
    }
}

/// Runs what reads or writes files as those of data are.
///
/// - Throws: `BulkError.file`
func bulkErrors<Value>(_ body: () throws(DatasetError) -> Value) throws(BulkError) -> Value {
    do throws(DatasetError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
