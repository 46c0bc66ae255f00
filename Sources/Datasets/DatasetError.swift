import Checkpoints
import Gzip

/// Everything that can be wrong with training data and the files that it lies in.
///
/// `path` is a path as the caller gave it; lines count from 1, in the inflated text where a file is compressed.
package enum DatasetError: Error, Equatable, Sendable {
    // MARK: Files

    /// A system call failed; a full disk is a `write` with `ENOSPC`.
    case io(path: String, operation: String, errno: Int32)
    /// A file that could not be opened, read or digested, or whose header lacks something.
    case file(CheckpointError)
    /// Something other than a regular file stands where the output should go.
    case notReplaceable(path: String)
    /// The output would take the place of an input.
    case outputIsInput(path: String)

    // MARK: Inputs

    /// A compressed file that is damaged, cut off, or a bomb.
    case gzip(path: String, InflateError)
    /// The first line does not say which format the file has.
    case unknownFormat(path: String, line: Int, reason: String)
    /// Triplets in one file and texts in another.
    case mixedKinds(path: String, kind: DatasetKind, firstPath: String, firstKind: DatasetKind)
    /// A line that is no example, where none is passed over.
    case refusedLine(path: String, line: Int, LineRefusal)
    /// Negatives are mined for pairs, and texts are none.
    case nothingToMineFor(path: String)
    /// The positives take more memory than mining may.
    case miningTooLarge(byteCount: Int, limit: Int)
    /// No example is left to train on: how many there were, and how many are held out.
    case nothingToTrainOn(exampleCount: Int, heldOutCount: Int)

    // MARK: Prepared files

    /// A file whose first line is not the header of prepared data.
    case notPrepared(path: String, found: String)
    /// A version of the format that is not read.
    case unsupportedVersion(path: String, found: Int, supported: Int)
    /// A header that is longer than any.
    case headerTooLong(path: String, limit: Int)
    /// A line that is not one of prepared data.
    case damagedLine(path: String, line: Int, reason: String)
    /// An example that could be read when the file was opened, and cannot now; its number in its split, from 0.
    case damagedExample(path: String, split: DatasetSplit, index: Int, reason: String)
    /// Fewer or more bytes after the header than it says; the line that the file ends in.
    case wrongSize(path: String, line: Int, expected: Int, found: Int)
    /// Fewer or more of something than the header says; `key` is the header's.
    case wrongCount(path: String, key: String, expected: Int, found: Int)
    /// Bytes after the header that are not those that were written, though each line can be read.
    case digestMismatch(path: String, expected: String, found: String)
    /// More bytes than an index can point into.
    case tooLarge(path: String, found: Int, limit: Int)
}
