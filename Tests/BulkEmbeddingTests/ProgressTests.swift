import BulkEmbedding
import JSON
import TestSupport
import Testing

@Suite("The progress of an output")
struct ProgressTests {
    private static let settings = RunSettings(["checkpoint": .string("tiny@00"), "dimensions": .integer(8)])

    private static func record(_ row: Int) -> ProgressRecord {
        var record = ProgressRecord(byteCount: 128 + 32 * row, mark: "0f\(row)")
        record.rowCount = row
        record.lineCount = 2 * row
        record.skippedCount = row
        return record
    }

    private static func file(rows: ClosedRange<Int>) -> [UInt8] {
        ([settings.line] + rows.map { record($0).line }).flatMap { $0 + [0x0A] }
    }

    @Test("It is lines of JSON")
    func text() {
        #expect(
            String(decoding: Self.file(rows: 0...1), as: UTF8.self) == """
                {"checkpoint":"tiny@00","dimensions":8,"grace_progress":1}
                {"bytes":128,"input":"0f0","lines":0,"rows":0,"skipped":0}
                {"bytes":160,"input":"0f1","lines":2,"rows":1,"skipped":1}

                """)
    }

    @Test("What was written is read, and the last row is found that an output has whole")
    func read() throws {
        let progress = try Progress(parsing: Self.file(rows: 2...5), path: "p")
        #expect(progress.settings == Self.settings)
        #expect(progress.records == (2...5).map(Self.record))
        for (byteCount, row) in [(191, nil), (192, 2), (223, 2), (224, 3), (288, 5), (9999, 5)] as [(Int, Int?)] {
            #expect(progress.last(within: byteCount)?.rowCount == row)
        }
    }

    @Test("Cut anywhere, the whole lines count")
    func cut() throws {
        let file = Self.file(rows: 0...3)
        let ends = file.indices.filter { file[$0] == 0x0A }.map { $0 + 1 }
        for count in 0...file.count {
            let whole = ends.count { $0 <= count }
            if whole < 2 {
                #expect(throws: BulkError.self) { try Progress(parsing: Array(file[..<count]), path: "p") }
            } else {
                #expect(try Progress(parsing: Array(file[..<count]), path: "p").records.count == whole - 1)
            }
        }
    }

    @Test(
        "What is damaged is named, with its line",
        arguments: [
            ("", 1, "expected settings, found no whole line"),
            ("[]\n", 1, "expected an object"),
            ("{}\n", 1, "expected \"grace_progress\""),
            ("{\"grace_progress\":2}\n", 1, "expected version 1 of the format, found 2"),
            ("{\"grace_progress\":1}\n", 2, "expected a record, found none"),
            ("{\"grace_progress\":1}\n{}\n", 2, "expected bytes, input, lines, rows and skipped"),
            (
                "{\"grace_progress\":1}\n{\"bytes\":-1,\"input\":\"\",\"lines\":0,\"rows\":0,\"skipped\":0}\n", 2,
                "expected \"bytes\", a count, found -1"
            ),
        ])
    func damaged(text: String, line: Int, reason: String) {
        #expect(throws: BulkError.damagedProgress(path: "p", line: line, reason: reason)) {
            try Progress(parsing: Array(text.utf8), path: "p")
        }
    }

    @Test("Records that do not grow are damaged")
    func order() {
        let file: [UInt8] = Self.file(rows: 1...1) + Self.record(1).line + [0x0A]
        #expect(
            throws: BulkError.damagedProgress(path: "p", line: 3, reason: "expected more than in the line before")
        ) {
            try Progress(parsing: file, path: "p")
        }
    }

    @Test("Damaged bytes are read or refused")
    func fuzz() {
        var mutator = Mutator(seed: 4)
        let file = Self.file(rows: 0...4)
        for _ in 0..<5000 {
            do throws(BulkError) {
                let progress = try Progress(parsing: mutator.mutate(file), path: "p")
                #expect(!progress.records.isEmpty)
            } catch {
                guard case .damagedProgress("p", _, _) = error else {
                    Issue.record("unexpected: \(error)")
                    continue
                }
            }
        }
    }
}
