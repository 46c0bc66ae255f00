import BulkEmbedding
import Datasets
import Foundation
import Grace
import JSON
import SystemPackage
import TestSupport
import Testing

@Suite("Outputs that grow")
struct RowOutputTests {
    private let directory: TemporaryDirectory
    private let path: FilePath
    private var progressPath: FilePath { RowOutput.progressPath(of: path) }

    init() throws {
        directory = try TemporaryDirectory()
        path = FilePath("\(directory.path)/rows")
    }

    private func output(
        resumes: Bool = false, channels: Int? = 2, seed: Int = 1
    ) throws(BulkError) -> RowOutput {
        var plan = RowOutput.Plan(path: path, settings: RunSettings(["seed": .integer(seed)]))
        plan.resumes = resumes
        plan.channelCount = channels
        return try RowOutput(plan, start: InputPosition())
    }

    /// The lines from one number to another; every third one is passed over.
    private func lines(_ numbers: ClosedRange<Int>, channels: Int?) throws -> [LineFlow.Finished] {
        try lines(from: numbers.lowerBound, to: numbers.upperBound, channels: channels)
    }

    /// None where the last number comes before the first.
    private func lines(from first: Int, to last: Int, channels: Int?) throws -> [LineFlow.Finished] {
        var end = try InputPosition()
        var lines: [LineFlow.Finished] = []
        for number in 1...last {
            try end.pass(Array("\(number)".utf8))
            let bytes =
                channels.map { littleEndian([Float](repeating: Float(number), count: $0)) }
                ?? Array("{\"line\":\(number),\"é\":\"\(String(repeating: "x", count: number))\"}\n".utf8)
            if number >= first {
                lines.append(
                    LineFlow.Finished(
                        end: end,
                        content: number % 3 == 0
                            ? .failure(.line(.emptyText(.text))) : .success(Row(bytes: bytes, tokenCount: 1))))
            }
        }
        return lines
    }

    private func contents(_ path: FilePath) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path.string)))
    }

    @Test("A NumPy file has its rows behind a header that counts them; its progress ends with one record")
    func numPy() throws {
        let output = try output()
        try output.append(lines(1...4, channels: 2))
        try output.append(lines(5...6, channels: 2))
        try output.finish()
        let rows = [1, 2, 4, 5].flatMap { littleEndian([Float($0), Float($0)]) }
        #expect(try contents(path) == NumPyHeader.bytes(rowCount: 4, channelCount: 2) + rows)
        let progress = try Progress(parsing: contents(progressPath), path: "p")
        #expect(progress.settings == RunSettings(["seed": .integer(1)]))
        #expect(progress.records.map(\.lineCount) == [6])
        #expect(progress.records.map(\.rowCount) == [4])
        #expect(progress.records.map(\.skippedCount) == [2])
    }

    @Test(
        "Cut anywhere, it goes on after the last whole row and comes to the same bytes", arguments: [2, nil] as [Int?])
    func resumption(channels: Int?) throws {
        let whole = try output(channels: channels)
        try whole.append(lines(1...20, channels: channels))
        let grown = try contents(path)
        let progress = try contents(progressPath)
        try whole.finish()
        let expected = try contents(path)
        for cut in Array(stride(from: 0, through: grown.count, by: 5)) + [grown.count] {
            try directory.write(Array(grown[..<cut]), to: "rows")
            try directory.write(progress, to: "rows.progress")
            let output = try output(resumes: true, channels: channels)
            #expect(output.record.byteCount <= max(cut, channels == nil ? 0 : NumPyHeader.byteCount))
            try output.append(lines(from: output.record.lineCount + 1, to: 20, channels: channels))
            try output.finish()
            #expect(try contents(path) == expected, "cut to \(cut) bytes")
        }
    }

    @Test("A progress that lacks its end takes the output back to where it ends")
    func shortProgress() throws {
        let whole = try output(channels: nil)
        try whole.append(lines(1...8, channels: nil))
        let grown = try contents(path)
        let progress = try contents(progressPath)
        try whole.finish()
        let expected = try contents(path)
        let beginning = progress.split(separator: 0x0A).prefix(2).reduce(0) { $0 + $1.count + 1 }
        for cut in stride(from: beginning, through: progress.count, by: 7) {
            try directory.write(grown, to: "rows")
            try directory.write(Array(progress[..<cut]), to: "rows.progress")
            let output = try output(resumes: true, channels: nil)
            try output.append(lines(from: output.record.lineCount + 1, to: 8, channels: nil))
            try output.finish()
            #expect(try contents(path) == expected)
        }
    }

    @Test("Of many rows the progress keeps the last ones")
    func manyRows() throws {
        let output = try output()
        for first in stride(from: 1, to: 9000, by: 500) {
            try output.append(lines(first...(first + 499), channels: 2))
        }
        #expect(try Progress(parsing: contents(progressPath), path: "p").records.count < 4100)
        try output.finish()
        #expect(try contents(path).count == NumPyHeader.byteCount + 6000 * 8)
    }

    @Test("Something that is there is not written over, and an empty file is")
    func existing() throws {
        try directory.write("mine", to: "rows")
        #expect(throws: BulkError.outputExists(path: path.string)) { try output() }
        #expect(try contents(path) == Array("mine".utf8))
        try directory.write("", to: "rows")
        try output().finish()
        #expect(try contents(path) == NumPyHeader.bytes(rowCount: 0, channelCount: 2))
    }

    @Test("What was made in another way is not gone on with, and stays as it was")
    func otherRun() throws {
        let first = try output()
        try first.append(lines(1...5, channels: 2))
        let before = try contents(path)
        // Until then the first one holds it.
        #expect(throws: BulkError.outputInUse(path: path.string)) { try output(resumes: true) }
        withExtendedLifetime(first) {}
        #expect(try contents(path) == before)
    }

    @Test("Another setting is named, with both values")
    func otherSetting() throws {
        try output().finish()
        let before = try contents(path)
        #expect(throws: BulkError.otherRun(path: path.string, key: "seed", expected: "1", found: "2")) {
            try output(resumes: true, seed: 2)
        }
        #expect(try contents(path) == before)
    }

    @Test("Bytes without a progress, or that it does not explain, are not gone on with")
    func unexplained() throws {
        try directory.write("mine", to: "rows")
        #expect(throws: BulkError.noProgress(path: path.string, progress: progressPath.string)) {
            try self.output(resumes: true)
        }
        try directory.remove("rows")
        let output = try output(channels: nil)
        try output.append(lines(1...5, channels: nil))
        try output.finish()
        let progress = try contents(progressPath)
        let short = Array(try contents(path).dropLast())
        for (contents, progress) in [
            (short, progress), ([UInt8](repeating: 0x20, count: 999), progress), (short, Array(progress.dropLast())),
        ] {
            try directory.write(contents, to: "rows")
            try directory.write(progress, to: "rows.progress")
            #expect(throws: BulkError.self) { try self.output(resumes: true, channels: nil) }
            #expect(try self.contents(path) == contents)
        }
    }

    @Test("Without an output there is nothing to go on with, and it begins")
    func nothingYet() throws {
        let output = try output(resumes: true)
        #expect(output.record.rowCount == 0)
        try output.append(lines(1...2, channels: 2))
        try output.finish()
        #expect(try contents(path).count == NumPyHeader.byteCount + 16)
    }

    @Test("A device takes lines and no NumPy file, and has no progress")
    func device() throws {
        let null = FilePath("/dev/null")
        var plan = RowOutput.Plan(path: null, settings: RunSettings([:]))
        let output = try RowOutput(plan, start: InputPosition())
        try output.append(lines(1...5, channels: nil))
        try output.finish()
        #expect(!FileManager.default.fileExists(atPath: "/dev/null.progress"))
        plan.resumes = true
        #expect(throws: BulkError.notRegular(path: "/dev/null")) { try RowOutput(plan, start: InputPosition()) }
        plan.resumes = false
        plan.channelCount = 2
        #expect(throws: BulkError.notRegular(path: "/dev/null")) { try RowOutput(plan, start: InputPosition()) }
    }
}
