import Checkpoints
import SystemPackage

/// A file of prepared data that is open: every byte of it has been looked at, and each example can be read.
///
/// Takes 8 bytes of memory an example. Several threads may read at once.
package final class PreparedDataset: Sendable {
    /// What the file says of itself.
    package let header: DatasetHeader
    /// The digest of the header's line, which holds the digest of all that follows: what a run was trained on.
    package let digest: SHA256Digest
    private let file: RegularFile
    private let training: [LineLocation]
    private let heldOut: [LineLocation]
    private let parser: ExampleParser

    /// Opens a file, and reads all of it once.
    ///
    /// - Throws: `DatasetError`, naming line and reason where the file is damaged or cut off.
    package init(path: FilePath) throws(DatasetError) {
        file = try fileErrors { () throws(CheckpointError) in try RegularFile(path: path) }
        let first = try PreparedScanner.firstLine(of: file)
        var scanner = PreparedScanner(file, first)
        try scanner.scan()
        header = first.header
        digest = first.digest
        training = scanner.training
        heldOut = scanner.heldOut
        parser = PreparedLine.parser(header.kind)
    }

    /// What the examples are.
    package var kind: DatasetKind { header.kind }

    /// The path as the caller gave it.
    package var path: FilePath { file.path }

    /// How many examples a split has.
    package func count(of split: DatasetSplit) -> Int {
        locations(of: split).count
    }

    /// Reads an example from the disk.
    ///
    /// - Parameter index: its number in the split, from 0, in the order of the inputs.
    /// - Precondition: the split has so many.
    /// - Throws: `DatasetError.file`, `.damagedExample` if somebody has written to the file.
    package func example(at index: Int, in split: DatasetSplit) throws(DatasetError) -> TrainingExample {
        let location = locations(of: split)[index]
        let bytes = try fileErrors { () throws(CheckpointError) in try file.bytes(location.range) }
        do throws(LineRefusal) {
            if let example = try parser.example(in: bytes) { return example }
        } catch {
            throw .damagedExample(path: file.name, split: split, index: index, reason: "\(error)")
        }
        throw .damagedExample(path: file.name, split: split, index: index, reason: "the line is blank")
    }

    /// Checks that nobody has written to the file, or replaced it, since it was opened.
    ///
    /// - Throws: `DatasetError.file`
    package func checkUnchanged() throws(DatasetError) {
        try fileErrors { () throws(CheckpointError) in try file.checkUnchanged() }
    }

    private func locations(of split: DatasetSplit) -> [LineLocation] {
        switch split {
        case .training: training
        case .heldOut: heldOut
        }
    }
}
