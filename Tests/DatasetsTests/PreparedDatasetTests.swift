import Checkpoints
import Datasets
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Prepared data")
struct PreparedDatasetTests {
    /// A small file of prepared data.
    private static func prepared() throws -> [UInt8] {
        var preparing = try Preparing(
            (0..<8).map { triplet("question \($0)", "answer \($0)", $0 < 4 ? "no answer" : nil) }.joined())
        preparing.plan.split = SplitPlan(heldOut: .count(2))
        try preparing.prepare()
        return [UInt8](try Data(contentsOf: URL(filePath: preparing.plan.output.string)))
    }

    private func open(_ bytes: [UInt8], in directory: TemporaryDirectory) throws -> PreparedDataset {
        try PreparedDataset(path: FilePath(try directory.write(bytes, to: "data")))
    }

    /// The message, with FILE for the path; fails if there is none.
    private func refusal(_ bytes: [UInt8]) throws -> String {
        let directory = try TemporaryDirectory()
        let error = #expect(throws: DatasetError.self) { try open(bytes, in: directory) }
        return try #require(error).description.replacing("\(directory.path)/data", with: "FILE")
    }

    private func edited(_ text: String, with other: String) throws -> [UInt8] {
        let bytes = String(decoding: try Self.prepared(), as: UTF8.self)
        #expect(bytes.contains(text))
        return Array(bytes.replacing(text, with: other, maxReplacements: 1).utf8)
    }

    @Test("Examples are read in any order, and again")
    func randomAccess() throws {
        let directory = try TemporaryDirectory()
        let dataset = try open(Self.prepared(), in: directory)
        #expect(dataset.count(of: .training) == 6 && dataset.count(of: .heldOut) == 2)
        let examples = try dataset.examples(.training)
        for index in [5, 0, 3, 3] {
            #expect(try dataset.example(at: index, in: .training) == examples[index])
        }
        let queries = try Set(examples.map(\.query) + dataset.examples(.heldOut).map(\.query))
        #expect(queries == Set((0..<8).map { "question \($0)" }))
        try dataset.checkUnchanged()
    }

    @Test("The digest is that of the first line, and another split has another")
    func digest() throws {
        let directory = try TemporaryDirectory()
        let bytes = try Self.prepared()
        let dataset = try open(bytes, in: directory)
        #expect(try open(bytes, in: directory).digest == dataset.digest)
        var preparing = try Preparing(
            (0..<8).map { triplet("question \($0)", "answer \($0)", $0 < 4 ? "no answer" : nil) }.joined())
        preparing.plan.split = SplitPlan(heldOut: .count(2), seed: 1)
        #expect(try preparing.run().dataset.digest != dataset.digest)
    }

    @Test("Other files are refused")
    func others() throws {
        #expect(try refusal([]) == "FILE: the file is empty")
        #expect(
            try refusal(Array("a text\nof lines\n".utf8))
                == "FILE:1: expected the header of prepared data, found another line of 6 bytes")
        #expect(
            try refusal(Array("a text".utf8))
                == "FILE:1: expected the header of prepared data, found 6 bytes without a line break")
        #expect(
            try refusal([UInt8](repeating: 0x20, count: 1 << 21)) == "FILE:1: the header has more than 1048576 bytes")
        #expect(
            try refusal(edited(#""version":1"#, with: #""version":2"#))
                == "FILE:1: expected version 1 of the format, found 2")
    }

    static let headers: [(String, String, String)] = [
        (#""kind":"triplets""#, #""kind":"triples""#, "FILE: kind: expected one of triplets, texts, found the string"),
        (#""train":6"#, #""train":"6""#, "FILE: train: expected an integer, found the string"),
        (#""train":6"#, #""train":-6"#, "FILE: train: expected a number of at least 0, found -6"),
        (#""train":6"#, #""train":9223372036854775807"#, "FILE: train: expected a number of at least 0, found 9"),
        (#""train":6"#, #""rain":6"#, "train"), (#""seed":"0""#, #""seed":"x""#, "seed: expected a number of 64 bits"),
        (
            #""rule":"random","held_out":2"#, #""rule":"random","held_out":1.5"#,
            "held_out: expected a count, or a fraction below 1, found 1.5"
        ),
        (#""rule":"random""#, #""rule":"tail""#, "one of random, head"),
        (#""train":6"#, #""train":7"#, "FILE:1: train is 7, the lines come to 6"),
        (
            #""train":6"#, #""train":1000000000000000000"#,
            "FILE:1: train is 1000000000000000000, the lines come to 6"
        ),
        (#""with_negative":4"#, #""with_negative":3"#, "FILE:1: with_negative is 3, the lines come to 4"),
    ]

    @Test("A header that was changed is refused", arguments: headers.indices)
    func header(index: Int) throws {
        let (text, other, message) = Self.headers[index]
        let found = try refusal(edited(text, with: other))
        #expect(found.contains(message), "\(found)")
    }

    @Test("A kind that the lines are not of is refused at the first of them")
    func otherKind() throws {
        let found = try refusal(edited(#""kind":"triplets""#, with: #""kind":"texts""#))
        #expect(found.hasPrefix("FILE:2: the line is damaged: unknown key"))
    }

    @Test("A file that was cut off is refused, with the line that it ends in")
    func cutOff() throws {
        let bytes = try Self.prepared()
        let header = try #require(bytes.firstIndex(of: 0x0A)) + 1
        let whole = bytes.count - header
        for count in 0..<whole {
            let lines = bytes[..<(header + count)].count { $0 == 0x0A }
            let line = bytes[header + count - 1] == 0x0A ? lines : lines + 1
            #expect(
                try refusal(Array(bytes[..<(header + count)]))
                    == "FILE:\(line): expected \(whole) bytes after the header, found \(count), which end in this line")
        }
        #expect(
            try refusal(bytes + [0x0A])
                == "FILE:10: expected \(whole) bytes after the header, found \(whole + 1), which end in this line")
    }

    @Test("Damage is refused, with its line where the line shows it")
    func damaged() throws {
        #expect(
            try refusal(edited(#"{"split":"train""#, with: #"{"split":"brain""#)).hasSuffix(
                "the line is damaged: it does not begin with a split and end as an object"))
        #expect(
            try refusal(edited(#""query":"question 4""#, with: #""query":"question" 4"#)).hasPrefix(
                "FILE:6: the line is damaged: invalid JSON at byte"))
        #expect(try refusal(edited("question 4", with: "question 5")).hasPrefix("FILE: expected SHA-256 "))
        #expect(try refusal(edited("answer 4", with: "answer\t4")).hasPrefix("FILE:6: the line is damaged"))
    }

    @Test("A line that is longer than any is refused, and not kept")
    func longLine() throws {
        let text = String(decoding: try Self.prepared(), as: UTF8.self)
        let header = try #require(text.split(separator: "\n").first)
        let line = #"{"split":"train","query":"q","positive":""# + String(repeating: "x", count: 1 << 24) + "\"}\n"
        let body = try #require(header.firstMatch(of: #/"body":{"bytes":[0-9]+/#))
        let edited = header.replacing(body.output, with: #""body":{"bytes":\#(line.utf8.count)"#)
        #expect(
            try refusal(Array("\(edited)\n\(line)".utf8))
                == "FILE:2: the line is damaged: it has more than 16777215 bytes")
    }

    @Test("Damage of any kind is refused, or was none")
    func fuzz() throws {
        let original = try Self.prepared()
        let directory = try TemporaryDirectory()
        let examples = try open(original, in: directory).examples(.training)
        var mutator = Mutator(seed: 7)
        var (opened, refused) = (0, 0)
        for _ in 0..<(3_000 * fuzzFactor) {
            do {
                // A seed or a name in the header may be another one: nothing in the lines.
                #expect(try open(mutator.mutate(original), in: directory).examples(.training) == examples)
                opened += 1
            } catch let error as DatasetError {
                #expect(!error.description.contains("\n") && error.description.count < 1000)
                refused += 1
            }
        }
        #expect(opened > 0 && refused > 0, "\(opened) opened, \(refused) refused")
    }

    @Test("An example that is overwritten after the opening is refused, and the change is found")
    func overwritten() throws {
        let directory = try TemporaryDirectory()
        let bytes = try Self.prepared()
        let dataset = try open(bytes, in: directory)
        let file = try FileHandle(forUpdating: URL(filePath: "\(directory.path)/data"))
        let header = try #require(bytes.firstIndex(of: 0x0A))
        try file.truncate(atOffset: UInt64(header + 10))
        #expect(throws: DatasetError.self) { try dataset.example(at: 5, in: .training) }
        try file.truncate(atOffset: UInt64(bytes.count))
        try file.close()
        let error = #expect(throws: DatasetError.self) { try dataset.example(at: 5, in: .training) }
        #expect(error?.description.contains("example 5 of split train has been damaged: ") == true)
        #expect(throws: DatasetError.self) { try dataset.checkUnchanged() }
    }
}
