import ArgumentParser
import Benchmark
import CommandLines
import EmbeddingServer
import Foundation
import Grace
import Serving
import SystemPackage
import Transformer

/// The command line of the benchmark: options only.
struct BenchmarkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Measures how fast a model runs on this machine, and what share of the machine's limits that is.",
        discussion: """
            No server is needed, and a running one disturbs. See docs/benchmarks.md.
            """,
        helpNames: .shortAndLong)

    @OptionGroup(title: "Model") var model: BenchmarkModelOptions

    @Option(help: ArgumentHelp("How many texts at once, one measurement for each.", valueName: "numbers"))
    var concurrency: Numbers = [1, 8, 32, 64]

    @Option(help: ArgumentHelp("The length of each prompt.", valueName: "tokens"))
    var promptTokens = 64

    @Option(help: ArgumentHelp("The length of each rationale.", valueName: "tokens"))
    var rationaleTokens = 64

    @Option(help: ArgumentHelp("How often prefill and decoding are measured; the best counts.", valueName: "number"))
    var rounds = 3

    @Option(
        help: ArgumentHelp(
            "Texts of the whole job; by default four for each client, at least 16.", valueName: "number"))
    var texts: Int?

    @Flag(help: "Print a JSON object in place of a table.")
    var json = false

    func run() async throws {
        do throws(BenchmarkError) {
            let plan = try BenchmarkPlan(
                concurrencies: concurrency.values, promptTokens: promptTokens, rationaleTokens: rationaleTokens,
                rounds: rounds, texts: texts)
            let report = try await model.benchmark(plan).run { line in
                standardError("\(line) …")
            }
            print(json ? report.json : report.table)
        } catch {
            standardError("grace-server: \(error)")
            throw error.isUsage ? ExitCode.validationFailure : ExitCode.failure
        }
    }

    private func standardError(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}

/// What is measured; defaults are the server's.
struct BenchmarkModelOptions: ParsableArguments {
    private static let defaults = ServerConfiguration()

    @Option(help: ArgumentHelp("The directory of checkpoints.", valueName: "directory"))
    var models = defaults.models.path.string

    @Option(
        help: ArgumentHelp(
            "A checkpoint's name in that directory, or the path of a GGUF file or a checkpoint's directory.",
            valueName: "name-or-path"))
    var model = defaults.model

    @Option(
        help: ArgumentHelp(
            "The number format of the weights; by default what suits the checkpoint.", valueName: "format"))
    var precision: Precision?

    @Option(help: ArgumentHelp("Threads that compute; by default one for each physical core.", valueName: "number"))
    var threads = defaults.threads

    func validate() throws {
        try require(threads, in: 1...1024, "--threads")
    }

    func benchmark(_ plan: BenchmarkPlan) -> Benchmark {
        Benchmark(
            plan: plan, models: ModelDirectory(path: FilePath(models)), model: model, precision: precision,
            threads: threads)
    }
}

/// Whole numbers with commas between them.
struct Numbers: ExpressibleByArgument, ExpressibleByArrayLiteral {
    let values: [Int]

    init(arrayLiteral elements: Int...) {
        values = elements
    }

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard !numbers.contains(nil) else { return nil }
        values = numbers.compactMap(\.self)
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
