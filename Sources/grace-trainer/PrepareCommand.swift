import ArgumentParser
import Checkpoints
import CommandLines
import Datasets
import Foundation
import Grace
import SystemPackage

/// The command line of data preparation: options only.
struct PrepareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Checks, filters and splits training data, and writes one file that training reads.",
        discussion: """
            Inputs are JSON Lines of triplets ("query", "positive", perhaps "negative" and "source") or of texts \
            ("text"), or plain lines, compressed by gzip or not. See docs/training.md.
            """)

    @Argument(help: ArgumentHelp("The files to read.", valueName: "input"))
    var inputs: [String]

    @Option(help: ArgumentHelp("The file to write; one of this name is replaced.", valueName: "file"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "The checkpoint that will be trained, a directory or a GGUF file: its tokenizer and template count.",
            valueName: "path"))
    var model: String

    @Option(
        help: ArgumentHelp(
            "triplets, texts or lines; by default each file's name and first line say it.", valueName: "format"))
    var format: LineFormat?

    @Option(
        help: ArgumentHelp(
            "Examples are dropped of which any text has a longer prompt, template and system message among its tokens.",
            valueName: "tokens"))
    var maxPromptTokens = GraceSettings.publishedMaxInputTokens

    @Option(help: ArgumentHelp("Longer lines are refused.", valueName: "bytes"))
    var maxLineBytes = 1 << 20

    @Option(
        help: ArgumentHelp(
            "How much is held out: 0.01 is a share of all examples, 500 a count.", valueName: "share-or-count"))
    var heldOut = HeldOut.fraction(0.01)

    @Option(
        help: ArgumentHelp(
            "random: by a hash of seed and query or text; head: the first ones.", valueName: "rule"))
    var split = SplitPlan.Rule.random

    @Option(help: ArgumentHelp("Of the random split.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Keep examples whose texts have all been read before.")
    var keepDuplicates = false

    @Flag(help: "Keep training examples whose query or positive is one of the held-out part.")
    var keepSharedTexts = false

    @Flag(help: "Give pairs without a negative one: another query's positive that shares words with the query.")
    var mineNegatives = false

    @Option(help: ArgumentHelp("The memory that mining may take.", valueName: "MiB"))
    var miningMemory = 4096

    @Flag(help: "Stop at the first line that is refused.")
    var strict = false

    @Option(help: ArgumentHelp("Write the report as JSON too.", valueName: "file"))
    var report: String?

    @Option(help: ArgumentHelp("Processors that read lines; by default all.", valueName: "number"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func validate() throws {
        try require(maxPromptTokens, in: 1...1_000_000, "--max-prompt-tokens")
        try require(maxLineBytes, in: 1...(1 << 20), "--max-line-bytes")
        try require(miningMemory, in: 1...(1 << 24), "--mining-memory")
        try require(threads, in: 1...1024, "--threads")
        guard !inputs.isEmpty else { throw ValidationError("there is no input") }
        if report == output { throw ValidationError("--report and --output are one file, \(output)") }
        if mineNegatives, let format, format != .triplets {
            throw ValidationError("--mine-negatives is for triplets, --format is \(format.rawValue)")
        }
    }

    func run() throws {
        let progress = ProgressLine(isForTerminals: true)
        do {
            let preparation = try preparation(progress)
            let outcome = try preparation.run()
            progress.clear()
            for refusal in outcome.refusals.first {
                standardError("\(refusal.path):\(refusal.line): \(refusal.refusal)")
            }
            if outcome.refusals.total > outcome.refusals.first.count {
                standardError("… and \(outcome.refusals.total - outcome.refusals.first.count) more refused lines")
            }
            print(outcome.text)
            if let report { try DurableFile.write(outcome.json, to: FilePath(report)) }
        } catch {
            progress.clear()
            standardError("grace-trainer: \(error)")
            throw ExitCode.failure
        }
    }

    /// Reads what counts of the checkpoint.
    private func preparation(_ progress: ProgressLine) throws -> DatasetPreparation {
        let checkpoint = try GraceCheckpoint(path: FilePath(model))
        let builder = try checkpoint.promptBuilder()
        let prompt = DatasetHeader.Prompt(
            model: checkpoint.base.name, modelFilesSHA256: checkpoint.baseDigest,
            systemPromptSHA256: try SHA256Digest(of: Array(checkpoint.settings.systemPrompt.utf8)).description,
            maxTokens: maxPromptTokens)
        return DatasetPreparation(plan, prompt: prompt) { text throws(PromptRefusal) in
            do throws(GraceError) {
                return try builder.prompt(for: text, limit: .max, truncation: .refuse).tokens.count
            } catch {
                throw PromptRefusal(reason: error.description(inputs: "texts"))
            }
        } progress: {
            progress.show($0.text)
        }
    }

    private var plan: PreparationPlan {
        var plan = PreparationPlan(inputs: inputs.map { FilePath($0) }, output: FilePath(output))
        plan.format = format
        plan.maxPromptTokens = maxPromptTokens
        plan.maxLineBytes = maxLineBytes
        plan.split = SplitPlan(rule: split, heldOut: heldOut, seed: seed)
        plan.keepsDuplicates = keepDuplicates
        plan.keepsSharedTexts = keepSharedTexts
        plan.isStrict = strict
        plan.miningMemoryLimit = mineNegatives ? miningMemory << 20 : nil
        plan.threads = threads
        return plan
    }

    private func standardError(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}

extension LineFormat: ExpressibleByArgument {}
extension SplitPlan.Rule: ExpressibleByArgument {}

extension HeldOut: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }

    package var defaultValueDescription: String {
        switch self {
        case .fraction(let fraction): "\(fraction)"
        case .count(let count): "\(count)"
        }
    }
}
