import ArgumentParser
import Foundation
import Grace
import SystemPackage
import Tensors
import Training
import Transformer

/// How fast a checkpoint is trained on this machine.
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Runs random tokens forward and back, and says how many a second.",
        discussion: "A whole step, rationales and all, is measured by train --dry-run.")

    @Option(help: ArgumentHelp("A directory or a GGUF file.", valueName: "path")) var model: String
    @Option(help: ArgumentHelp("Sequences that are run.", valueName: "count")) var sequences = 128
    @Option(help: ArgumentHelp("Tokens of each that are given.", valueName: "tokens")) var promptTokens = 64
    @Option(help: ArgumentHelp("Tokens of each that are scored.", valueName: "tokens")) var scoredTokens = 64
    @Option(help: ArgumentHelp("Sequences of one prompt, which is computed once.", valueName: "count"))
    var rollouts = 1
    @Option(help: ArgumentHelp("Tokens that are run together.", valueName: "tokens")) var microBatchTokens = 1024
    @Option(help: ArgumentHelp("Of an adapter; 0 trains all weights.", valueName: "rank")) var loraRank = 0
    @Option(help: ArgumentHelp("What an adapter stands on is computed in: float32 or bfloat16.", valueName: "format"))
    var basePrecision = BasePrecision.float32
    @Option(help: ArgumentHelp("What is kept: products, or streams to save memory.", valueName: "name"))
    var keep = KeptActivationsSetting.products
    @Option(help: ArgumentHelp("That compute.", valueName: "count"))
    var threads = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: ArgumentHelp("Times that it is measured.", valueName: "count")) var rounds = 3

    func validate() throws {
        for number in [sequences, promptTokens, scoredTokens, rollouts, microBatchTokens, threads, rounds]
        where number < 1 {
            throw ValidationError("counts start at 1")
        }
        guard loraRank > 0 || basePrecision == .float32 else {
            throw ValidationError(
                "--base-precision is of what an adapter stands on: all weights are trained in float32")
        }
    }

    func run() throws {
        do {
            BLAS.useThreads(threads)
            let loaded = try LoadedModel(path: FilePath(model), precision: basePrecision.precision)
            let trainable =
                loraRank > 0
                ? try TrainableModel(
                    training: AdapterSettings(rank: loraRank, alpha: Double(2 * loraRank)), beside: loaded.transformer,
                    seed: 0)
                : TrainableModel(training: loaded.transformer)
            let pass = TrainingPass(
                model: trainable, tokenCapacity: microBatchTokens, workerCount: threads,
                keeping: keep.activations)
            let benchmark = GradientBenchmark(
                sequenceCount: sequences, promptTokens: promptTokens, scoredTokens: scoredTokens,
                microBatchTokens: microBatchTokens, sequencesPerPrompt: rollouts)
            let tokens = sequences * (promptTokens + scoredTokens)
            for _ in 0..<rounds {
                let seconds = try benchmark.run(pass)
                print(String(format: "%d tokens in %.2f s: %.0f tokens/s", tokens, seconds, Double(tokens) / seconds))
            }
        } catch {
            FileHandle.standardError.write(Data("grace-trainer: \(error)\n".utf8))
            throw ExitCode.failure
        }
    }
}
