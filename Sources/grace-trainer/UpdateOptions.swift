import ArgumentParser
import Foundation
import JSON
import Ranks
import TensorGradients
import Training
import Transformer

/// What the weights that an adapter stands on are computed in: they are not trained.
enum BasePrecision: String, ExpressibleByArgument, CaseIterable {
    case float32, bfloat16

    var precision: Precision { self == .float32 ? .float32 : .bfloat16 }
}

/// How weights change.
struct UpdateOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Examples a step.", valueName: "count")) var batch = 64
    @Option(help: ArgumentHelp("Examples an update.", valueName: "count")) var updateBatch = 16
    @Option(help: ArgumentHelp("Of AdamW.", valueName: "number")) var learningRate = 1e-6
    @Option(help: ArgumentHelp("Of AdamW.", valueName: "number")) var weightDecay = 0.01
    @Option(help: ArgumentHelp("Of AdamW.", valueName: "number")) var beta1 = 0.9
    @Option(help: ArgumentHelp("Of AdamW.", valueName: "number")) var beta2 = 0.999
    @Option(help: ArgumentHelp("Of AdamW.", valueName: "number")) var epsilon = 1e-8
    @Option(help: ArgumentHelp("The largest norm of all gradients.", valueName: "number")) var maxGradientNorm = 1.0
    @Option(help: ArgumentHelp("How far below 1 a ratio may fall.", valueName: "number")) var clipLow = 0.2
    @Option(help: ArgumentHelp("How far above 1 a ratio may rise.", valueName: "number")) var clipHigh = 0.2
    @Option(help: ArgumentHelp("What a ratio may grow to where the advantage is negative.", valueName: "number"))
    var dualClip = 3.0
    @Option(help: ArgumentHelp("Of the divergence from the model it began with.", valueName: "weight"))
    var klCoefficient = 0.0
    @Option(help: ArgumentHelp("Of the entropy, which is rewarded.", valueName: "weight")) var entropyCoefficient = 0.0
    @Option(help: ArgumentHelp("Of the adapter that is trained; 0 trains all weights.", valueName: "rank"))
    var loraRank = 0
    @Option(help: ArgumentHelp("Over the rank it scales the adapter; twice the rank by default.", valueName: "number"))
    var loraAlpha: Double?
    @Option(help: ArgumentHelp("Linear layers that are adapted.", valueName: "name"))
    var loraTarget: [String] = []
    @Option(help: ArgumentHelp("Of what an adapter reads, where the objective is contrastive.", valueName: "share"))
    var loraDropout = 0.0
    @Option(
        help: ArgumentHelp(
            "What the weights that an adapter stands on are computed in: float32, or bfloat16 to save time and memory.",
            valueName: "format"))
    var basePrecision = BasePrecision.float32
    @Option(help: ArgumentHelp("Tokens that are run forward and back together.", valueName: "tokens"))
    var microBatchTokens = 768
    @Option(
        help: ArgumentHelp("What of a forward pass is kept: products, or streams to save memory.", valueName: "name"))
    var keep = KeptActivationsSetting.products
    @Option(
        help: ArgumentHelp(
            "That compute, in each process; by default all processors, shared by those of one machine.",
            valueName: "count"))
    var threads: Int?

    func validate() throws {
        guard batch > 0, updateBatch > 0, microBatchTokens > 0, threads ?? 1 > 0, loraRank >= 0 else {
            throw ValidationError("--batch, --update-batch, --micro-batch-tokens and --threads start at 1")
        }
        for target in loraTarget where !AdapterSettings.allTargets.contains(target) {
            throw ValidationError(
                "--lora-target is '\(target)'; there are \(AdapterSettings.allTargets.sorted().joined(separator: ", "))"
            )
        }
        guard loraRank > 0 || basePrecision == .float32 else {
            throw ValidationError(
                "--base-precision is of what an adapter stands on: all weights are trained in float32")
        }
        guard (0..<1).contains(loraDropout) else { throw ValidationError("--lora-dropout must be from 0 to below 1") }
        guard learningRate > 0 else { throw ValidationError("--learning-rate must be over 0") }
    }

    var adapter: AdapterSettings? {
        guard loraRank > 0 else { return nil }
        return AdapterSettings(
            rank: loraRank, alpha: loraAlpha ?? Double(2 * loraRank),
            targets: loraTarget.isEmpty ? AdapterSettings.allTargets : Set(loraTarget), dropout: loraDropout)
    }

    /// - Parameter ranks: those that the machine's processors are shared with.
    func apply(to settings: inout TrainingSettings, ranks: any Ranks) {
        settings.promptsPerStep = batch
        settings.promptsPerUpdate = updateBatch
        settings.adamW = AdamW(
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay)
        settings.maxGradientNorm = maxGradientNorm
        settings.policyGradient = PolicyGradient(
            clipLow: clipLow, clipHigh: clipHigh, dualClip: dualClip, divergenceCoefficient: klCoefficient,
            entropyCoefficient: entropyCoefficient)
        settings.adapterDropout = loraDropout
        settings.microBatchTokens = microBatchTokens
        settings.kept = keep
        settings.workers = threads ?? max(1, ProcessInfo.processInfo.activeProcessorCount / ranks.countOnMachine)
    }

    var provenance: [String: JSONValue] {
        [
            "batch": .integer(batch), "update_batch": .integer(updateBatch), "learning_rate": .number(learningRate),
            "weight_decay": .number(weightDecay), "beta1": .number(beta1), "beta2": .number(beta2),
            "epsilon": .number(epsilon), "max_gradient_norm": .number(maxGradientNorm), "clip_low": .number(clipLow),
            "clip_high": .number(clipHigh), "dual_clip": .number(dualClip), "kl_coefficient": .number(klCoefficient),
            "entropy_coefficient": .number(entropyCoefficient), "lora_rank": .integer(loraRank),
            "lora_alpha": (adapter?.alpha).map { .number($0) } ?? .null,
            "lora_dropout": .number(loraDropout), "base_precision": .string(basePrecision.rawValue),
        ]
    }
}

extension KeptActivationsSetting: ExpressibleByArgument {}
