import ArgumentParser
import CommandLines
import Evaluation
import Foundation
import SystemPackage
import Transformer

/// What is scored.
struct EvaluatedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A checkpoint: a GGUF file, or a directory with a model or an adapter.", valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("A running server to score in place of a checkpoint.", valueName: "http://host:port"))
    var server: ServerAddress?

    @Option(
        help: ArgumentHelp(
            "The number format of the weights: float32, bfloat16, int8 or int4; by default what suits the checkpoint.",
            valueName: "format"))
    var precision: Precision?

    @Option(help: ArgumentHelp("Threads that compute; by default one for each processor.", valueName: "number"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("Requests to a server at once.", valueName: "number"))
    var requests = 32

    func validate() throws {
        guard (model == nil) != (server == nil) else { throw ValidationError("give either --model or --server") }
        guard server == nil || precision == nil else {
            throw ValidationError("--precision has no use with --server, which has its own")
        }
        try require(threads, in: 1...1024, "--threads")
        try require(requests, in: 1...1024, "--requests")
    }
}

/// By what it is scored.
struct TaskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A directory of tasks: all its *.jsonl files.", valueName: "directory"))
    var tasks: String?

    @Option(
        help: ArgumentHelp(
            "A task, whose name and kind may be left out. Kinds: "
                + TaskKind.allCases.map(\.rawValue).joined(separator: ", ") + ". Can be given several times.",
            valueName: "name=kind:file"))
    var task: [TaskArgument] = []

    @Option(
        help: ArgumentHelp("Texts are cut to so many words, for speed; 0 leaves them whole.", valueName: "number"))
    var maxWords = 120

    @Option(
        help: ArgumentHelp(
            "How rationales are written: none, greedy or sampled. Can be given several times; none if not at all.",
            valueName: "mode"))
    var mode: [RationaleMode.Kind] = []

    @Option(help: ArgumentHelp("The longest rationale.", valueName: "tokens"))
    var maxRationaleTokens = 64

    @Option(
        help: ArgumentHelp(
            "End a rationale once 8 tokens of it move the vector by less than this: 1 less the cosine.",
            valueName: "number"))
    var stopWhenStable: Double?

    @Option(help: ArgumentHelp("Of sampled rationales.", valueName: "number"))
    var temperature = 1.0

    @Option(help: ArgumentHelp("How often sampled rationales are drawn.", valueName: "number"))
    var seeds = 3

    @Option(
        help: ArgumentHelp(
            "A directory that keeps vectors, so that an evaluation that was interrupted goes on.",
            valueName: "directory"))
    var cache: String?

    func validate() throws {
        try require(maxWords, in: 0...1_000_000, "--max-words")
        try require(maxRationaleTokens, in: 1...1_000_000, "--max-rationale-tokens")
        try require(seeds, in: 1...1000, "--seeds")
        guard temperature > 0, temperature <= 100 else {
            throw ValidationError("--temperature is \(temperature), allowed are numbers over 0 up to 100")
        }
        if let stopWhenStable, !(0...2).contains(stopWhenStable) {
            throw ValidationError("--stop-when-stable is \(stopWhenStable), allowed are 0 to 2")
        }
        if let twice = mode.first(where: { kind in mode.count { $0 == kind } > 1 }) {
            throw ValidationError("--mode \(twice.rawValue) is given twice")
        }
    }

    var isEmpty: Bool { tasks == nil && task.isEmpty }

    var modes: [RationaleMode] {
        (mode.isEmpty ? [.none] : mode).map {
            RationaleMode(
                $0, maxRationaleTokens: maxRationaleTokens, temperature: temperature, seedCount: seeds,
                stopWhenStable: stopWhenStable)
        }
    }

    /// - Throws: `EvaluationError`, naming file and line.
    func read() throws(EvaluationError) -> [EvaluationTask] {
        var found: [EvaluationTask] = []
        if let tasks {
            for path in try TaskFile.paths(inDirectory: FilePath(tasks)) { found.append(try TaskFile.read(path)) }
        }
        for argument in task { found.append(try argument.read()) }
        return found
    }
}

/// How intervals are drawn.
struct BootstrapOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How often units are drawn again for an interval.", valueName: "number"))
    var resamples = 1000

    @Option(help: ArgumentHelp("Decides what is drawn for intervals and to cluster.", valueName: "number"))
    var seed: UInt64 = 0

    func validate() throws {
        try require(resamples, in: Bootstrap.allowedResamples, "--resamples")
    }

    var bootstrap: Bootstrap { Bootstrap(resamples: resamples, seed: seed) }
}

/// What a checkpoint can still do beside embedding.
struct AbilityOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A plain text that the checkpoint is to foresee.", valueName: "file"))
    var perplexity: String?

    @Option(help: ArgumentHelp("Tokens of a window of that text.", valueName: "tokens"))
    var window = 512

    @Option(help: ArgumentHelp("The checkpoint's base model, whose distance is measured.", valueName: "path"))
    var klBase: String?

    @Option(help: ArgumentHelp("Instructions for that, one a line.", valueName: "file"))
    var instructions: String?

    @Option(help: ArgumentHelp("The longest answer of the base.", valueName: "tokens"))
    var answerTokens = 64

    func validate() throws {
        try require(window, in: 2...1_000_000, "--window")
        try require(answerTokens, in: 1...1_000_000, "--answer-tokens")
        guard (klBase == nil) == (instructions == nil) else {
            throw ValidationError("--kl-base and --instructions need each other")
        }
    }

    var isEmpty: Bool { perplexity == nil && klBase == nil }
}

extension ServerAddress: ExpressibleByArgument {
    /// As the package's own initialiser, which cannot serve a public protocol.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension TaskArgument: ExpressibleByArgument {
    /// As the package's own initialiser, which cannot serve a public protocol.
    public init?(argument: String) {
        self.init(argument)
    }
}

extension RationaleMode.Kind: ExpressibleByArgument {}
