import Checkpoints
import Datasets
import Foundation
import Grace
import JSON
import Ranks
import SystemPackage
import TensorGradients
import TestSupport
import Testing
import Training
import Transformer

/// Everything that a run on a tiny checkpoint needs, in a directory of its own.
struct TinyTraining: Sendable {
    let directory: TemporaryDirectory
    let dataset: PreparedDataset
    let checkpoint: GraceCheckpoint

    /// - Returns: nil where that part of the reference was not made.
    init?(_ kind: DatasetKind = .triplets, seed: UInt64 = 0) throws {
        guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return nil }
        directory = try TemporaryDirectory()
        // Under a name of its own beside the adapters, which look for it there.
        let base = "\(directory.path)/tiny-qwen2"
        try FileManager.default.copyItem(atPath: path, toPath: base)
        checkpoint = try GraceCheckpoint(path: FilePath(base))
        dataset = try Self.dataset(kind, seed: seed, in: directory)
    }

    /// Eight examples to train on, and three that are held out.
    static func dataset(_ kind: DatasetKind, seed: UInt64, in directory: TemporaryDirectory) throws -> PreparedDataset {
        let things = [
            "a river", "the sea", "a hill", "bread", "a lamp", "snow", "a clock", "wool", "a ship", "salt", "a bell",
        ]
        let lines = things.map { thing -> String in
            switch kind {
            case .texts: #"{"text":"\#(thing) that somebody saw"}"#
            default: #"{"query":"what is \#(thing)?","positive":"about \#(thing)","negative":"not \#(thing)"}"#
            }
        }
        let input = try directory.write(lines.joined(separator: "\n") + "\n", to: "input-\(kind)-\(seed).jsonl")
        var plan = PreparationPlan(
            inputs: [FilePath(input)], output: FilePath("\(directory.path)/data-\(kind)-\(seed)"))
        plan.split = SplitPlan(heldOut: .count(3), seed: seed)
        let prompt = DatasetHeader.Prompt(
            model: "tiny", modelFilesSHA256: String(repeating: "a", count: 64),
            systemPromptSHA256: String(repeating: "b", count: 64), maxTokens: plan.maxPromptTokens)
        _ = try DatasetPreparation(plan, prompt: prompt) { text throws(PromptRefusal) in text.count }.run()
        return try PreparedDataset(path: plan.output)
    }

    /// Small enough for a test, with two updates a step and several steps an epoch.
    static func settings(_ objective: Objective = .grace, isSupervised: Bool = true) -> TrainingSettings {
        var settings = TrainingSettings(
            reward: ContrastiveReward(
                parts: [
                    .init(Attraction(), weight: 1), .init(RepulsionFromOtherQueries(), weight: 0.5),
                    .init(Consistency(), weight: 0.2),
                ], truncatedReward: nil))
        settings.objective = objective
        settings.promptsPerStep = 3
        settings.promptsPerUpdate = 2
        settings.rollouts = RolloutSettings(count: 3, maxRationaleTokens: 5, maxPromptTokens: 400)
        settings.adamW.learningRate = 1e-3
        settings.heldOutCount = 2
        settings.seed = 11
        return settings
    }

    /// A trainer that has made no step.
    func trainer(
        _ settings: TrainingSettings, adapter: AdapterSettings? = AdapterSettings(rank: 2, alpha: 4),
        dataset other: PreparedDataset? = nil, ranks: any Ranks = SingleRank()
    ) throws -> Trainer {
        try Trainer(
            LoadedModel(checkpoint, precision: .float32), adapter: adapter, dataset: other ?? dataset,
            settings: settings, ranks: ranks)
    }

    var provenance: Trainer.Provenance {
        Trainer.Provenance(
            checkpoint: checkpoint, dataDigest: dataset.digest.description, configuration: ["objective": .string("x")])
    }

    func path(_ name: String) -> FilePath { FilePath("\(directory.path)/\(name)") }
}

extension StepMetrics {
    /// Without what a clock decides.
    var timeless: [String: Double] {
        let times: Set = ["seconds", "rollout_seconds", "tokens_per_second"]
        return Dictionary(uniqueKeysWithValues: values.filter { !times.contains($0.name) }.map { ($0.name, $0.value) })
    }
}

extension Trainer {
    /// The numbers of some steps.
    func steps(_ count: Int) async throws -> [[String: Double]] {
        var metrics: [[String: Double]] = []
        for _ in 0..<count { metrics.append(try await step().timeless) }
        return metrics
    }
}
