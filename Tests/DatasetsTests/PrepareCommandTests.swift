import Checkpoints
import Datasets
import Foundation
import SystemPackage
import TestSupport
import Testing

/// The program itself, with the checkpoint of a golden.
@Suite("The command grace-trainer prepare")
struct PrepareCommandTests {
    private func prepare(_ arguments: [String], before: String = "") async throws -> CommandOutcome {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: "grace-trainer")
        let command = ["'\(program.path)'", "prepare"] + arguments.map { "'\($0)'" }
        return try await run(before + command.joined(separator: " "))
    }

    private var model: String {
        get throws { try #require(ReferenceDirectory.file("tiny-qwen2")).path }
    }

    @Test("A file is prepared, reported and read")
    func prepares() async throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "word ", count: 500)
        let input = try directory.write(
            triplet("Where?", "Here.") + "{}\n" + triplet("What?", long) + triplet("When?", "Now.", "Never."),
            to: "in.jsonl")
        let (output, report) = ("\(directory.path)/out", "\(directory.path)/report.json")
        let outcome = try await prepare([
            input, "--output", output, "--model", try model, "--report", report, "--max-prompt-tokens", "400",
        ])
        #expect(outcome.status == 0)
        #expect(outcome.errors == "\(input):2: key \"query\" is missing\n")
        #expect(outcome.output.contains("\nkept         2 triplets: 2 to train on, 0 held out\n"))
        let dataset = try PreparedDataset(path: FilePath(output))
        #expect(try dataset.examples(.training).map(\.main) == ["Here.", "Now."])
        #expect(dataset.header.prompt.model == "tiny-qwen2" && dataset.header.prompt.maxTokens == 400)
        #expect(outcome.output.hasSuffix("dataset      \(dataset.digest)\n"))
        let json = try String(contentsOfFile: report, encoding: .utf8)
        #expect(json.contains(#""over_prompt_limit":1"#))
    }

    static let wrongOptions: [([String], String)] = [
        (["--held-out", "1.5"], "'1.5'"), (["--split", "tail"], "'tail'"), (["--format", "csv"], "'csv'"),
        (["--max-prompt-tokens", "0"], "--max-prompt-tokens is 0, allowed are 1 to 1000000"),
        (["--max-line-bytes", "2000000"], "--max-line-bytes is 2000000, allowed are 1 to 1048576"),
        (["--seed", "-1"], "--seed"),
        (["--format", "texts", "--mine-negatives"], "--mine-negatives is for triplets"),
        (["--report", "out"], "--report and --output are one file"), (["--unknown"], "--unknown"),
    ]

    @Test("Wrong options end with 64 and a line that names them", arguments: wrongOptions.indices)
    func usage(index: Int) async throws {
        let (arguments, message) = Self.wrongOptions[index]
        let outcome = try await prepare(["in", "--output", "out", "--model", "m"] + arguments)
        #expect(outcome.status == 64 && outcome.errors.contains(message), "\(outcome.errors)")
        #expect(try await prepare(["--output", "o", "--model", "m"]).status == 64)
    }

    @Test("A failure ends with 1, one line, and no file")
    func failure() async throws {
        let directory = try TemporaryDirectory()
        let output = "\(directory.path)/out"
        let missing = try await prepare(["/nowhere", "--output", output, "--model", try model])
        #expect(missing.status == 1 && missing.output.isEmpty)
        #expect(missing.errors == "grace-trainer: /nowhere: cannot open: No such file or directory\n")
        let input = try directory.write(triplet("q", "p") + "{}\n", to: "in.jsonl")
        let strict = try await prepare([input, "--output", output, "--model", try model, "--strict"])
        #expect(strict.status == 1)
        #expect(strict.errors == "grace-trainer: \(input):2: key \"query\" is missing\n")
        let noModel = try await prepare([input, "--output", output, "--model", "/nowhere"])
        #expect(noModel.status == 1 && noModel.errors.hasPrefix("grace-trainer: /nowhere"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["in.jsonl"])
    }

    @Test("Where there is no room, the old file stays and no half one beside it")
    func noRoom() async throws {
        let directory = try TemporaryDirectory()
        let input = try directory.write((0..<20_000).map { "text number \($0)\n" }.joined(), to: "in.txt")
        let output = try directory.write("old", to: "out")
        // In blocks of 512 or 1024 bytes: less than either file that is written.
        let outcome = try await prepare(
            [input, "--output", output, "--model", try model], before: "trap '' XFSZ; ulimit -f 300; ")
        #expect(outcome.status == 1)
        #expect(outcome.errors == "grace-trainer: \(output): cannot write: File too large\n")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == ["in.txt", "out"])
        #expect(try String(contentsOfFile: output, encoding: .utf8) == "old")
    }
}
