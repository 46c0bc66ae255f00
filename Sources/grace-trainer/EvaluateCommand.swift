import ArgumentParser
import Checkpoints
import CommandLines
import Confinement
import Dispatch
import Evaluation
import Foundation
import Grace
import SystemPackage

/// The command line of the evaluation: options and output only.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Scores a checkpoint, or a running server, on tasks.",
        discussion: """
            Tasks are JSON Lines; what they are is seen in their first line. See docs/evaluation.md.

            EXAMPLES:
              grace-trainer evaluate --model Models/SmolLM2-135M-Instruct --tasks suite --mode none --mode greedy
              grace-trainer evaluate --server http://127.0.0.1:8080 --task suite/sts.jsonl --output server.json
              grace-trainer evaluate --model trained --tasks suite --output trained.json --against base.json
            """)

    @OptionGroup(title: "What is scored") var evaluated: EvaluatedOptions
    @OptionGroup(title: "Tasks") var tasks: TaskOptions
    @OptionGroup(title: "General ability") var ability: AbilityOptions
    @OptionGroup(title: "Intervals") var intervals: BootstrapOptions

    @Option(help: ArgumentHelp("Where results are written, as JSON.", valueName: "file"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Earlier results to compare with, mode by mode; of one mode in each, whatever they are.",
            valueName: "file"))
    var against: String?

    func validate() throws {
        guard !tasks.isEmpty || !ability.isEmpty else {
            throw ValidationError("nothing is to be scored: give --tasks, --task, --perplexity or --kl-base")
        }
        guard evaluated.server == nil || ability.isEmpty else {
            throw ValidationError("--perplexity and --kl-base need --model: a server tells no logits")
        }
        guard against == nil || !tasks.isEmpty else { throw ValidationError("--against needs tasks") }
    }

    func run() async throws {
        let progress = ProgressLine()
        do throws(EvaluationError) {
            // What can be wrong in files is known before anything is computed.
            let read = try tasks.read()
            let earlier = try against.map { path throws(EvaluationError) in
                try EvaluationResults(contentsOf: FilePath(path))
            }
            let results = try await results(read, progress)
            if let output { try write(results, to: FilePath(output)) }
            progress.clear()
            print(results.table)
            if let earlier, let against {
                let pairs = try ComparedModes.pairs(earlier, results, names: (against, "this"))
                for text in try ComparedModes.tables(of: pairs, bootstrap: intervals.bootstrap) { print("\n\(text)") }
            }
        } catch {
            progress.clear()
            throw failure(error)
        }
    }

    private func write(_ results: EvaluationResults, to path: FilePath) throws(EvaluationError) {
        do throws(CheckpointError) {
            try DurableFile.write(results.json, to: path)
        } catch {
            throw .unwritable(path: path.string, reason: "\(error)")
        }
    }

    private func results(
        _ read: [EvaluationTask], _ progress: ProgressLine
    ) async throws(EvaluationError) -> EvaluationResults {
        if let server = evaluated.server {
            return try await evaluate(
                ServerEmbedder(server, concurrency: evaluated.requests), read, progress)
        }
        Compute.useThreads(evaluated.threads)
        let bases = LoadedBases()
        let model = try await load(evaluated.model ?? "", bases)
        var results: EvaluationResults
        if read.isEmpty {
            results = EvaluationResults(
                model: EmbedderIdentity(
                    name: model.identity.name, fingerprint: model.identity.fingerprint, compute: model.compute),
                settings: settings)
        } else {
            let embedder = try ModelEmbedder(model, threads: evaluated.threads)
            let outcome: Result<EvaluationResults, EvaluationError>
            do throws(EvaluationError) {
                outcome = .success(try await evaluate(embedder, read, progress))
            } catch {
                outcome = .failure(error)
            }
            await embedder.stop()
            results = try outcome.get()
        }
        if let file = ability.perplexity {
            results.perplexity = try await LanguageModelScores.perplexity(
                of: readText(FilePath(file)), file: fileName(file), model: model, window: ability.window,
                threads: evaluated.threads
            ) { progress.show("perplexity: \($0) of \($1) tokens") }
        }
        if let base = ability.klBase, let file = ability.instructions {
            results.divergence = try await LanguageModelScores.divergence(
                of: model, from: load(base, bases), instructions: readLines(FilePath(file)), file: fileName(file),
                answerTokens: ability.answerTokens, threads: evaluated.threads
            ) { progress.show("divergence: \($0) of \($1) answers") }
        }
        return results
    }

    private var settings: EvaluationSettings {
        EvaluationSettings(maxWords: tasks.maxWords, bootstrap: intervals.bootstrap)
    }

    private func evaluate(
        _ embedder: any TextEmbedder, _ read: [EvaluationTask], _ progress: ProgressLine
    ) async throws(EvaluationError) -> EvaluationResults {
        let cache = try tasks.cache.map { path throws(EvaluationError) in
            try VectorCache(FilePath(path), of: embedder.identity)
        }
        let run = EmbeddingRun(embedder: embedder, cache: cache) { progress.show("\($0)", isLast: $0.done == $0.total) }
        return try await Evaluator(run: run, tasks: read, modes: tasks.modes, settings: settings).evaluate()
    }

    /// On a queue of its own: reading weights takes a while.
    private func load(_ path: String, _ bases: LoadedBases) async throws(EvaluationError) -> LoadedModel {
        let precision = evaluated.precision
        let outcome = await runBlocking(on: DispatchQueue(label: "loading")) {
            Result { () throws(GraceError) in
                try LoadedModel(GraceCheckpoint(path: FilePath(path)), precision: precision, bases: bases)
            }
        }
        do throws(GraceError) {
            return try outcome.get()
        } catch {
            throw .model(error)
        }
    }

    private func fileName(_ path: String) -> String { FilePath(path).lastComponent?.string ?? path }
}

/// Writes what went wrong; to be thrown.
func failure(_ error: EvaluationError) -> ExitCode {
    FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
    return .failure
}
