import ArgumentParser
import Checkpoints
import CommandLines
import Confinement
import Datasets
import Foundation
import Grace
import JSON
import Ranks
import SystemPackage
import TensorGradients
import Tensors
import Training
import Transformer

/// The command line of training: options only.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract:
            "Trains a checkpoint on prepared data: the serving engine writes rationales, similarity rewards them.",
        discussion: """
            Defaults are the published ones where there are any. The run's directory holds metrics.jsonl, samples.jsonl and \
            checkpoints that grace-server takes; with --resume a run that was ended goes on to the same numbers. \
            mpirun starts several that train together. See docs/training.md.
            """)

    @Option(help: ArgumentHelp("The checkpoint to begin with, a directory or a GGUF file.", valueName: "path"))
    var model: String
    @Option(
        help: ArgumentHelp("A checkpoint of another run, whose adapter is trained further.", valueName: "directory"))
    var startAdapter: String?
    @Option(help: ArgumentHelp("What grace-trainer prepare wrote.", valueName: "file"))
    var data: String
    @Option(help: ArgumentHelp("Prepared data whose held-out part judges, if not that of --data.", valueName: "file"))
    var heldOutData: String?
    @Option(help: ArgumentHelp("The run's directory.", valueName: "directory"))
    var output: String
    @Flag(help: "Go on from the last checkpoint in the run's directory.")
    var resume = false
    @Flag(help: "Make one step, write nothing, and say what memory and time the run would take.")
    var dryRun = false
    @Option(help: ArgumentHelp("A file of options, as --print-config prints one.", valueName: "file"))
    var config: String?
    @Flag(help: "Print every option's value and where it comes from, as such a file, and exit.")
    var printConfig = false
    @Option(help: ArgumentHelp("That this program was built from, for grace.json.", valueName: "revision"))
    var commit: String?
    @OptionGroup(title: "Objective") var objective: ObjectiveOptions
    @OptionGroup(title: "Rollouts") var rollouts: RolloutOptions
    @OptionGroup(title: "Updates") var updates: UpdateOptions
    @OptionGroup(title: "Schedule") var schedule: ScheduleOptions

    func validate() throws {
        guard updates.basePrecision == .float32 || rollouts.rolloutPrecision == .bfloat16 else {
            throw ValidationError(
                "rollouts on a base in bfloat16 are in bfloat16, not in \(rollouts.rolloutPrecision.rawValue)")
        }
        guard startAdapter == nil || updates.loraRank > 0 else {
            throw ValidationError("--start-adapter needs the adapter's --lora-rank")
        }
        guard updates.loraDropout == 0 || objective.objective == .contrastive else {
            throw ValidationError(
                "--lora-dropout is of the contrastive objective: what is rewarded is written without it")
        }
    }

    func run() async throws {
        var ranks: any Ranks = SingleRank()
        do {
            ranks = try LaunchedRanks.join(environment: ProcessInfo.processInfo.environment)
            try await train(ranks)
            ranks.end()
        } catch {
            FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
            ranks.abandon()
            throw ExitCode.failure
        }
    }

    private func train(_ ranks: any Ranks) async throws {
        let dataset = try PreparedDataset(path: FilePath(data))
        let checkpoint = try GraceCheckpoint(path: FilePath(model))
        guard dataset.header.prompt.modelFilesSHA256 == checkpoint.baseDigest else {
            throw TrainingError.otherModel(
                path: data, found: dataset.header.prompt.modelFilesSHA256, expected: checkpoint.baseDigest)
        }
        let settings = try settings(for: dataset, ranks)
        BLAS.useThreads(settings.workers)
        let loaded = try LoadedModel(checkpoint, precision: updates.basePrecision.precision)
        let start = try startAdapter.map { try LoRAAdapter(path: FilePath($0)) }
        let provenance = Trainer.Provenance(
            checkpoint: checkpoint, dataDigest: dataset.digest.description,
            configuration: startProvenance(start).merging(objective.provenance) { $1 }
                .merging(rollouts.provenance) { $1 }.merging(updates.provenance) { $1 }
                .merging(schedule.provenance) { $1 }, program: try program(ranks))
        let trainer = try Trainer(
            loaded, adapter: updates.adapter, dataset: dataset,
            heldOut: try heldOutData.map { try PreparedDataset(path: FilePath($0)) }, settings: settings, ranks: ranks)
        if let start { try await trainer.begin(with: start) }
        if dryRun {
            try await DryRun(trainer: trainer, schedule: schedule.schedule).run(isShown: ranks.isFirst)
            return
        }
        // The first speaks and writes for all.
        let directory = ranks.isFirst ? try runDirectory(provenance) : nil
        let say: @Sendable (String) -> Void = { [isFirst = ranks.isFirst] line in
            if isFirst { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
        }
        let progress = StepLine()
        let isAskedToStop = Confined(false)
        // Of the signals that mpirun passes on, the one that it does not end by.
        try Signals.listen(to: ranks.count > 1 ? [SIGUSR1] : []) { _ in
            say("\nending after this step")
            isAskedToStop.withState { $0 = true }
        }
        let run = TrainingRun(
            trainer, in: directory, schedule: schedule.schedule, provenance: provenance,
            shouldStop: { isAskedToStop.withState { $0 } }, onStep: { say(progress.line($0, of: $1)) })
        if resume, let step = try await run.resume() { say("going on from step \(step)") }
        let company = ranks.count > 1 ? " in \(ranks.count) processes" : ""
        say(
            "training \(await trainer.parameterCount) numbers on \(dataset.count(of: .training)) examples\(company)")
        try await run.run()
    }

    private func runDirectory(_ provenance: Trainer.Provenance) throws -> RunDirectory {
        let directory = try RunDirectory(path: FilePath(output))
        if directory.hasBegun, !resume { throw HasRunAlready(path: output) }
        try directory.write(configuration: provenance.configuration)
        return directory
    }

    private struct HasRunAlready: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) has a run already; --resume goes on with it" }
    }

    private func startProvenance(_ start: LoRAAdapter?) -> [String: JSONValue] {
        guard let start else { return [:] }
        return ["start_adapter_sha256": .string("\(start.weightsDigest)")]
    }

    /// What was it that trained: the digest of the program's file is known for certain, the commit is what the user says.
    private func program(_ ranks: any Ranks) throws -> [String: JSONValue] {
        var program = ["sha256": JSONValue.string("\(try SHA256Digest(of: RegularFile(path: "/proc/self/exe")))")]
        program["commit"] = commit.map(JSONValue.string)
        if ranks.count > 1 { program["processes"] = .integer(ranks.count) }
        return program
    }

    private func settings(for dataset: PreparedDataset, _ ranks: any Ranks) throws -> TrainingSettings {
        var settings = TrainingSettings(
            reward: objective.reward(isSupervised: dataset.kind == .triplets, rollouts))
        settings.objective = objective.objective
        settings.contrastiveWeight = objective.contrastiveWeight
        settings.contrastiveTemperature = objective.contrastiveTemperature
        settings.contrastsRationales = objective.contrastRationales
        settings.dropout = objective.dropout
        settings.preservationWeight = objective.preservationWeight
        settings.permutesRewards = objective.permuteRewards
        settings.rollouts = rollouts.settings
        settings.rolloutFormat = rollouts.format
        settings.rolloutRows = rollouts.rolloutRows
        updates.apply(to: &settings, ranks: ranks)
        settings.seed = schedule.seed
        settings.heldOutCount = schedule.heldOutExamples
        return settings
    }
}
