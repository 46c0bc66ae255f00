import Checkpoints
import Datasets
import Foundation
import Gzip
import JSON
import SystemPackage
import TestSupport
import Testing

@Suite("Preparation")
struct PreparationTests {
    @Test("What was prepared is what was read, in its order", arguments: [1, 4])
    func roundTrip(threads: Int) throws {
        var preparing = try Preparing(
            #"{"query":"q \"1\"","positive":"p\n\u0001é😀","negative":"n","source":"s"}"# + "\r\n\n"
                + triplet("q2", "p2"))
        preparing.plan.threads = threads
        let (report, dataset) = try preparing.run()
        #expect(
            try dataset.examples(.training) == [
                TrainingExample(
                    .triplet(query: "q \"1\"", positive: "p\n\u{1}é😀", negative: "n"), source: "s"),
                TrainingExample(.triplet(query: "q2", positive: "p2", negative: nil)),
            ])
        #expect(dataset.kind == .triplets && dataset.count(of: .heldOut) == 0)
        #expect(dataset.header == report.header && dataset.digest.description == report.digest)
        #expect(dataset.header.negatives == .some)
        #expect(report.lineCount == 3 && report.blankLineCount == 1 && report.readCount == 2)
        #expect(try preparing.fileNames() == ["input.jsonl", "prepared"])
    }

    @Test("Texts and plain lines are of one kind, and can be prepared together, compressed or not")
    func texts() throws {
        let preparing = try Preparing([
            ("a.txt", Array("one\n\ntwo\n".utf8)), ("b.jsonl", Array(#"{"text":"three","source":"b"}"#.utf8)),
            ("c.txt.gz", try #require(Deflater.deflate(Array("four".utf8), level: 1))),
        ])
        let (report, dataset) = try preparing.run()
        #expect(try dataset.examples(.training).map(\.main) == ["one", "two", "three", "four"])
        #expect(report.formats == [.lines, .texts, .lines])
        #expect(report.header.inputs.map(\.name) == ["a.txt", "b.jsonl", "c.txt.gz"])
        #expect(dataset.header.negatives == .none)
    }

    @Test("Refused lines are counted by reason, the first ones with their places, and a strict run ends at the first")
    func refusals() throws {
        let long = String(repeating: "x", count: 300)
        let lines = [
            triplet("a", "b"), "{}\n", "not JSON\n", triplet("a", "UNRENDERABLE"), triplet(long, long),
            triplet("c", "d"), "[1]\n", "{}\n",
        ]
        var preparing = try Preparing([("input.jsonl", Array(lines.joined().utf8))])
        preparing.plan.maxLineBytes = 300
        let (report, dataset) = try preparing.run()
        #expect(dataset.count(of: .training) == 2)
        #expect(
            report.refusals.counts == [.missingKey: 2, .json: 1, .prompt: 1, .tooLong: 1, .notAnObject: 1])
        #expect(report.refusals.first.map(\.line) == [2, 3, 4, 5, 7, 8])
        #expect(report.refusals.total == 6 && report.readCount == 2)
        #expect("\(report.refusals.first[2].refusal)" == "\"positive\": the template refuses it")
        preparing.plan.isStrict = true
        let error = #expect(throws: DatasetError.self) { try preparing.prepare() }
        #expect(error?.description == "\(preparing.plan.inputs[0]):2: key \"query\" is missing")
    }

    @Test("Of many refused lines twenty are kept, and all are counted")
    func manyRefusals() throws {
        let report = try Preparing(triplet("a", "b") + String(repeating: "{}\n", count: 5000)).prepare()
        #expect(report.refusals.total == 5000 && report.refusals.first.count == 20)
    }

    @Test("Examples of which any text is over the limit are dropped, and the longest is told")
    func overLimit() throws {
        let eleven = Array(repeating: "w", count: 11).joined(separator: " ")
        let ten = Array(repeating: "w", count: 10).joined(separator: " ")
        let (report, dataset) = try Preparing(
            triplet(eleven, "b") + triplet("a", eleven) + triplet("a", "b", "\(eleven) w") + triplet("a", ten, "n")
        ).run()
        #expect(report.overLimitCount == 3 && report.longestPrompt == 12)
        #expect(try dataset.examples(.training).map(\.main) == [ten])
        #expect(report.lengths[.positive]?.maximum == 10 && report.lengths[.negative]?.count == 1)
        #expect(dataset.header.prompt == Preparing.prompt)
    }

    @Test("Examples that come again are dropped, or kept and counted; another source makes no other example")
    func duplicates() throws {
        let text =
            triplet("a", "b") + triplet("a", "b", "c") + triplet("a", "b") + triplet("ab", "c")
            + #"{"query":"a","positive":"b","source":"s"}"# + "\n" + triplet("a", "bc")
        var preparing = try Preparing(text)
        let (report, dataset) = try preparing.run()
        #expect(report.duplicateCount == 2 && dataset.count(of: .training) == 4)
        preparing.plan.keepsDuplicates = true
        let (kept, all) = try preparing.run()
        #expect(kept.duplicateCount == 2 && all.count(of: .training) == 6)
    }

    @Test("Negatives are mined for those that have none, and counted")
    func mining() throws {
        let text =
            triplet("which tree", "larch tree") + triplet("what stone", "granite stone")
            + triplet("old tree", "oak tree")
            + triplet("x", "y", "given") + triplet("lonely", "alone")
        var preparing = try Preparing(text)
        preparing.plan.miningMemoryLimit = 1 << 20
        let (report, dataset) = try preparing.run()
        #expect(
            try dataset.examples(.training).map(\.negative) == ["oak tree", nil, "larch tree", "given", nil])
        #expect(report.header.minedCount == 2 && report.header.negativeCount == 3)
        #expect(report.lengths[.negative]?.count == 3 && report.lengths[.negative]?.maximum == 2)
        preparing.plan.miningMemoryLimit = 100
        let error = #expect(throws: DatasetError.self) { try preparing.prepare() }
        #expect(error?.description.hasSuffix("bytes of memory, the limit is 100") == true)
    }

    @Test(
        "The same inputs give the same bytes, on any number of processors and under any directory", arguments: [2, 8])
    func deterministic(threads: Int) throws {
        let text = (0..<5000).map { triplet("tree \($0 % 700)?", "tree \($0 % 3000)") }.joined()
        let files = try [1, threads].map { threads in
            var preparing = try Preparing(text)
            preparing.plan.threads = threads
            preparing.plan.split = SplitPlan(heldOut: .fraction(0.1), seed: 3)
            preparing.plan.miningMemoryLimit = 1 << 30
            #expect(try preparing.prepare().header.minedCount > 0)
            return try Data(contentsOf: URL(filePath: preparing.plan.output.string))
        }
        #expect(files[0] == files[1])
    }

    /// What cannot be prepared, and the message, with DIR for the directory.
    struct Failure: Sendable {
        let inputs: [(String, String)]
        let message: String
        let change: @Sendable (inout PreparationPlan) -> Void

        init(
            _ inputs: [(String, String)], _ message: String,
            change: @escaping @Sendable (inout PreparationPlan) -> Void = { _ in }
        ) {
            (self.inputs, self.message, self.change) = (inputs, message, change)
        }
    }

    static let failures: [Failure] = [
        Failure([("a", "\n\n")], "there is nothing to train on: of 0 examples 0 are held out"),
        Failure([("a", triplet("q", "p"))], "there is nothing to train on: of 1 examples 1 are held out") {
            $0.split.heldOut = .count(5)
        },
        Failure([("a", triplet("q", "p")), ("b", "text\n")], "DIR/b: expected triplets as in DIR/a, found texts"),
        Failure(
            [("a.jsonl", "\n{\"id\":1}")],
            "DIR/a.jsonl:2: which format it has cannot be told (the object has neither \"query\" nor \"text\"); "
                + "--format says it"),
        Failure(
            [("a", String(repeating: "x", count: 200))],
            "DIR/a:1: which format it has cannot be told (the line has more than 100 bytes); --format says it"
        ) { $0.maxLineBytes = 100 },
        Failure([("a", "text\n")], "DIR/a: negatives are mined for pairs of query and positive, found texts") {
            $0.miningMemoryLimit = 1 << 20
        },
        Failure([("a", "text\n")], "DIR/a: the output is one of the inputs") { $0.output = $0.inputs[0] },
        Failure([("a", "text\n")], "/nowhere: cannot open: No such file or directory") { $0.inputs.append("/nowhere") },
        Failure([("a", "text\n")], "DIR: expected a regular file or none, to be replaced") {
            $0.output.removeLastComponent()
        },
        Failure(
            [("a", "text\n")],
            "/nowhere/prepared: cannot write a temporary file beside: No such file or directory"
        ) { $0.output = "/nowhere/prepared" },
    ]

    @Test(
        "What cannot be prepared is said, and leaves what was there before and nothing else",
        arguments: failures.indices)
    func fails(index: Int) throws {
        let failure = Self.failures[index]
        var preparing = try Preparing(failure.inputs.map { ($0.0, Array($0.1.utf8)) })
        try preparing.directory.write("before", to: "prepared")
        failure.change(&preparing.plan)
        let before = try preparing.fileNames()
        let error = #expect(throws: DatasetError.self) { try preparing.prepare() }
        #expect(error?.description == failure.message.replacing("DIR", with: preparing.directory.path))
        #expect(try preparing.fileNames() == before)
        let old = try Data(contentsOf: URL(filePath: "\(preparing.directory.path)/prepared"))
        #expect(old == Data("before".utf8))
    }

    @Test("The report counts every line once, as JSON and in words")
    func report() throws {
        var preparing = try Preparing(
            triplet("a", "b") + triplet("a", "b") + "\n{}\n" + triplet("a a a a a a a a a a a", "b")
                + triplet("c", "d e", "f"))
        preparing.plan.keepsSharedTexts = true
        let report = try preparing.prepare()
        let json = try JSONValue(parsing: report.json)
        guard case .object(let members) = json else { throw CocoaError(.coderInvalidValue) }
        let expected: [String: Int] = [
            "lines": 6, "blank_lines": 1, "refused_lines": 1, "examples_read": 4, "over_prompt_limit": 1,
            "duplicates": 1,
            "shared_texts": 0, "kept": 2, "train": 2, "held_out": 0, "with_negative": 1, "mined_negatives": 0,
            "longest_prompt": 11, "max_prompt_tokens": 10,
        ]
        for (key, value) in expected { #expect(members[key] == .integer(value), "\(key)") }
        #expect(members["refused_by_reason"] == .object(["missing_key": .integer(1)]))
        guard case .object(let lengths) = members["prompt_tokens"] else { throw CocoaError(.coderInvalidValue) }
        #expect(
            lengths["positive"]
                == .object([
                    "count": .integer(2), "min": .integer(1), "median": .integer(1), "mean": .number(1.5),
                    "p95": .integer(2), "max": .integer(2),
                ]))
        #expect(report.text.contains("lines        6: 4 examples, 1 blank, 1 refused\n             missing_key: 1\n"))
    }

    @Test("Random bytes as inputs are prepared or refused")
    func fuzz() throws {
        let seed = Array((triplet("a", "b") + triplet("c", "d", "e") + "\n" + triplet("é", "😀")).utf8)
        var mutator = Mutator(seed: 5)
        var (prepared, refused) = (0, 0)
        var preparing = try Preparing("")
        for _ in 0..<(600 * fuzzFactor) {
            preparing.plan.inputs = [FilePath(try preparing.directory.write(mutator.mutate(seed), to: "input"))]
            do {
                let (report, dataset) = try preparing.run()
                let dropped =
                    report.blankLineCount + report.refusals.total + report.overLimitCount + report.duplicateCount
                #expect(report.lineCount == dropped + dataset.count(of: .training))
                prepared += 1
            } catch let error as DatasetError {
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(prepared > 0 && refused > 0, "\(prepared) prepared, \(refused) refused")
        #expect(Set(try preparing.fileNames()).isSubset(of: ["input", "input.jsonl", "prepared"]))
    }
}
