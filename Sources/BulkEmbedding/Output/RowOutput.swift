import Checkpoints
import Datasets
import Foundation
import SystemPackage

/// Where rows go. Not for use by several threads at once: writing blocks.
///
/// A regular file has a second one beside it, which tells how far the first has come: a record for each row, written before
/// the row is. Whatever ends the process, the last record that the file's size reaches is that of its last whole row.
package final class RowOutput {
    /// What an output is, and how it is made.
    package struct Plan: Sendable {
        /// nil writes to standard output.
        package var path: FilePath?
        /// Whether to go on with what is there.
        package var resumes = false
        /// Of a NumPy file's rows; nil where rows are lines.
        package var channelCount: Int?
        /// All that decides the bytes of a row.
        package var settings: RunSettings

        /// - Parameter path: nil writes to standard output.
        package init(path: FilePath?, settings: RunSettings) {
            self.path = path
            self.settings = settings
        }
    }

    /// How many records the second file has before all but the last are dropped.
    private static let recordLimit = 4096
    /// Far more than so many records.
    private static let progressSizeLimit = 4 << 20

    private let file: GrowingFile
    private let plan: Plan
    /// nil where nothing is to be found again.
    private var progress: GrowingFile?
    private var recordCount = 0
    /// The last row.
    package private(set) var record: ProgressRecord

    /// Opens an output, new or to go on with.
    ///
    /// - Parameter start: of the input.
    /// - Throws: `BulkError`; the file is as it was then.
    package init(_ plan: Plan, start: InputPosition) throws(BulkError) {
        self.plan = plan
        let header = plan.channelCount.map { NumPyHeader.bytes(rowCount: 0, channelCount: $0) } ?? []
        record = ProgressRecord(byteCount: header.count, mark: start.mark)
        guard let path = plan.path else {
            file = GrowingFile(.standardOutput, path: "standard output")
            return
        }
        file = try GrowingFile(path: path)
        guard try file.status().isRegular else {
            guard plan.channelCount == nil, !plan.resumes else { throw .notRegular(path: path.string) }
            return
        }
        try file.hold()
        try Self.clearUp(beside: path)
        let byteCount = try file.status().byteCount
        if byteCount > 0 {
            guard plan.resumes else { throw .outputExists(path: path.string) }
            record = try lastRecord(byteCount: byteCount)
        }
        if record.rowCount == 0, record.lineCount == 0 {
            // First the file that explains the other one.
            try startProgress()
            try file.cut(to: 0)
            try file.append(header)
        } else {
            try file.cut(to: record.byteCount)
            try startProgress()
        }
    }

    /// Where a progress file lies.
    package static func progressPath(of path: FilePath) -> FilePath { FilePath(path.string + ".progress") }

    /// Appends rows, and passes over lines that have none.
    ///
    /// - Throws: `BulkError.file`, among that a full disk.
    package func append(_ lines: [LineFlow.Finished]) throws(BulkError) {
        var rows: [UInt8] = []
        var records: [UInt8] = []
        for line in lines {
            record.lineCount = line.end.lineCount
            record.mark = line.end.mark
            switch line.content {
            case .failure: record.skippedCount += 1
            case .success(let row):
                rows += row.bytes
                record.rowCount += 1
                record.byteCount += row.bytes.count
                records += record.line + [UInt8(ascii: "\n")]
                recordCount += 1
            }
        }
        if let progress { try progress.append(records) }
        try file.append(rows)
        if recordCount >= Self.recordLimit { try settle() }
    }

    /// Ends the output: it counts its rows, and the disk has all of it.
    ///
    /// - Throws: `BulkError.file`
    package func finish() throws(BulkError) {
        try settle()
    }

    private func settle() throws(BulkError) {
        guard progress != nil else { return }
        if let channelCount = plan.channelCount {
            try file.replaceBeginning(
                with: NumPyHeader.bytes(rowCount: record.rowCount, channelCount: channelCount))
        }
        try file.sync()
        try startProgress()
    }

    /// Writes the progress anew, with nothing but the last record.
    private func startProgress() throws(BulkError) {
        let path = Self.progressPath(of: file.path)
        let newLine = [UInt8(ascii: "\n")]
        let bytes = plan.settings.line + newLine + record.line + newLine
        let byteCount = bytes.count
        try bulkErrors { () throws(DatasetError) in
            try fileErrors { () throws(CheckpointError) in try DurableFile.write(bytes, to: path) }
        }
        let progress = try GrowingFile(path: path)
        try progress.cut(to: byteCount)
        self.progress = progress
        recordCount = 0
    }

    /// Removes what a process left that was killed while it wrote progress anew.
    private static func clearUp(beside path: FilePath) throws(BulkError) {
        let parent = path.removingLastComponent()
        try bulkErrors { () throws(DatasetError) in
            try fileErrors { () throws(CheckpointError) in
                _ = try DurableDirectory.recover(in: parent.isEmpty ? "." : parent)
            }
        }
    }

    // MARK: Going on

    /// The last whole row of a file that an earlier process wrote.
    private func lastRecord(byteCount: Int) throws(BulkError) -> ProgressRecord {
        let path = file.path.string
        let progressPath = Self.progressPath(of: file.path)
        guard FileManager.default.fileExists(atPath: progressPath.string) else {
            throw .noProgress(path: path, progress: progressPath.string)
        }
        let file = try GrowingFile(path: progressPath)
        let size = try file.status().byteCount
        guard size <= Self.progressSizeLimit else {
            throw .damagedProgress(
                path: progressPath.string, line: 1,
                reason: "expected at most \(Self.progressSizeLimit) bytes, found \(size)")
        }
        let progress = try Progress(parsing: file.read(0..<size), path: progressPath.string)
        if let difference = progress.settings.firstDifference(to: plan.settings) {
            throw .otherRun(
                path: path, key: difference.key, expected: difference.expected, found: difference.found)
        }
        if let record = progress.last(within: byteCount) {
            try check(record)
            return record
        }
        let first = progress.records[0]
        // What was killed before its header was whole.
        if first.rowCount == 0, first.lineCount == 0 { return first }
        throw .otherOutput(
            path: path, reason: "it has \(byteCount) bytes, its progress begins with byte \(first.byteCount)")
    }

    /// Looks at the bytes that rows must have.
    private func check(_ record: ProgressRecord) throws(BulkError) {
        if let channelCount = plan.channelCount {
            let expected = NumPyHeader.byteCount + record.rowCount * 4 * channelCount
            guard record.byteCount == expected else {
                throw .otherOutput(
                    path: file.path.string,
                    reason: "\(record.rowCount) rows take \(expected) bytes, its progress says \(record.byteCount)")
            }
            let header = try file.read(0..<NumPyHeader.byteCount)
            // The number of rows comes last, and may be that of an earlier time.
            let beginning = NumPyHeader.bytes(rowCount: 0, channelCount: channelCount).prefix {
                $0 != UInt8(ascii: "(")
            }
            guard header.starts(with: beginning) else {
                throw .otherOutput(path: file.path.string, reason: "it does not begin with the header of a NumPy file")
            }
        } else if record.byteCount > 0 {
            guard try file.read(record.byteCount - 1..<record.byteCount) == [UInt8(ascii: "\n")] else {
                throw .otherOutput(
                    path: file.path.string, reason: "no line ends with byte \(record.byteCount), as its progress says")
            }
        }
    }
}
