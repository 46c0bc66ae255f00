import ArgumentParser
import Engine
import Foundation
import JSON
import TensorGradients
import Tensors
import Training
import Transformer

/// What is optimised.
struct ObjectiveOptions: ParsableArguments {
    @Option(help: ArgumentHelp("grace, contrastive or grace+contrastive.", valueName: "name"))
    var objective = Objective.grace
    @Option(help: ArgumentHelp("What similarities in rewards are divided by.", valueName: "number"))
    var rewardTemperature = 0.1
    @Option(help: ArgumentHelp("Of cos(query, main).", valueName: "weight")) var positiveWeight = 1.0
    @Option(help: ArgumentHelp("Of the agreement of a text's rationales.", valueName: "weight"))
    var consistencyWeight = 0.2
    @Option(
        help: ArgumentHelp(
            "Of the published comparison with other examples; with triplets it cancels in the advantage.",
            valueName: "weight"))
    var hardNegativeWeight = 0.2
    @Option(help: ArgumentHelp("Of -cos(main, negative), which repels.", valueName: "weight"))
    var repelNegativeWeight = 0.0
    @Option(help: ArgumentHelp("Of -cos(main, queries of others), which repels.", valueName: "weight"))
    var repelQueriesWeight = 0.0
    @Option(
        help: ArgumentHelp(
            "Of the logarithm of the query's share among what main is compared with, which attracts and repels.",
            valueName: "weight"))
    var contrastWeight = 0.0
    @Option(help: ArgumentHelp("Of a rationale's share of its longest length, taken off.", valueName: "weight"))
    var lengthPenalty = 0.0
    @Option(help: ArgumentHelp("Of runs of tokens that come again, taken off.", valueName: "weight"))
    var repetitionPenalty = 0.0
    @Option(help: ArgumentHelp("Of a thought in its marks with an answer after it.", valueName: "weight"))
    var formatReward = 0.0
    @Option(
        help: ArgumentHelp("What a rationale gets that the limit ended: a number, or keep.", valueName: "reward"))
    var truncatedReward = TruncatedReward.replaced(-1)
    @Option(help: ArgumentHelp("Of the contrastive loss beside the policy gradient.", valueName: "weight"))
    var contrastiveWeight = 1.0
    @Option(
        help: ArgumentHelp(
            "What cosines in the contrastive loss, and in that logarithm, are divided by.", valueName: "number"))
    var contrastiveTemperature = 0.05
    @Flag(help: "Pool a rationale too where the objective is contrastive.") var contrastRationales = false
    @Option(
        help: ArgumentHelp(
            "Of what each half of a layer adds, where texts alone are contrasted (SimCSE).", valueName: "share"))
    var dropout = 0.1
    @Flag(help: "Let rewards change places within each group: a control from which nothing can be learned.")
    var permuteRewards = false

    func validate() throws {
        guard rewardTemperature > 0, contrastiveTemperature > 0 else {
            throw ValidationError("temperatures that similarities are divided by must be over 0")
        }
        guard (0..<1).contains(dropout) else { throw ValidationError("--dropout must be from 0 to below 1") }
    }

    func reward(isSupervised: Bool, _ rollouts: RolloutOptions) -> ContrastiveReward {
        var parts = ContrastiveReward.publishedParts(
            hasNegatives: isSupervised, positiveWeight: positiveWeight, consistencyWeight: consistencyWeight,
            hardNegativeWeight: hardNegativeWeight)
        let others: [(Double, any RewardPiece, isSimilarity: Bool)] = [
            (repelNegativeWeight, RepulsionFromNegative(), true),
            (repelQueriesWeight, RepulsionFromOtherQueries(), true),
            (contrastWeight, Contrast(temperature: contrastiveTemperature), false),
            (lengthPenalty, LengthPenalty(), false),
            (repetitionPenalty, RepetitionPenalty(), false), (formatReward, FormatReward(), false),
        ]
        parts += others.filter { $0.0 != 0 }.map { .init($0.1, weight: $0.0, isSimilarity: $0.isSimilarity) }
        return ContrastiveReward(
            parts: parts, temperature: rewardTemperature, truncatedReward: truncatedReward.value)
    }

    var provenance: [String: JSONValue] {
        [
            "objective": .string(objective.rawValue), "reward_temperature": .number(rewardTemperature),
            "positive_weight": .number(positiveWeight), "consistency_weight": .number(consistencyWeight),
            "hard_negative_weight": .number(hardNegativeWeight),
            "repel_negative_weight": .number(repelNegativeWeight),
            "repel_queries_weight": .number(repelQueriesWeight), "contrast_weight": .number(contrastWeight),
            "length_penalty": .number(lengthPenalty),
            "repetition_penalty": .number(repetitionPenalty), "format_reward": .number(formatReward),
            "truncated_reward": truncatedReward.value.map { .number($0) } ?? .string("keep"),
            "contrastive_weight": .number(contrastiveWeight),
            "contrastive_temperature": .number(contrastiveTemperature),
            "contrast_rationales": .bool(contrastRationales), "dropout": .number(dropout),
            "permute_rewards": .bool(permuteRewards),
        ]
    }
}

/// What becomes of the reward of a rationale that the limit ended.
enum TruncatedReward: ExpressibleByArgument, CustomStringConvertible {
    case kept
    case replaced(Double)

    init?(argument: String) {
        if argument == "keep" {
            self = .kept
        } else if let value = Double(argument), value.isFinite {
            self = .replaced(value)
        } else {
            return nil
        }
    }

    var value: Double? {
        switch self {
        case .kept: nil
        case .replaced(let value): value
        }
    }

    var description: String { value.map { "\($0)" } ?? "keep" }
    var defaultValueDescription: String { description }
}

/// How rationales are written.
struct RolloutOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Rationales of each text that are rewarded.", valueName: "count"))
    var rollouts = 8
    @Option(help: ArgumentHelp("Of those.", valueName: "number")) var temperature = 1.0
    @Option(help: ArgumentHelp("The mass that they are drawn from.", valueName: "share")) var topP = 1.0
    @Option(help: ArgumentHelp("Of the queries' rationales and the negatives'.", valueName: "number"))
    var otherTemperature = 0.5
    @Option(help: ArgumentHelp("The longest rationale.", valueName: "tokens")) var maxRationaleTokens = 2048
    @Option(help: ArgumentHelp("The longest prompt; texts over it are cut.", valueName: "tokens"))
    var maxPromptTokens = 1024
    @Option(help: ArgumentHelp("The number format of rollouts: bfloat16, int8 or float32.", valueName: "format"))
    var rolloutPrecision = RolloutPrecision.bfloat16
    @Option(help: ArgumentHelp("Rationales that are written at once.", valueName: "count")) var rolloutRows = 64

    func validate() throws {
        guard rollouts > 0, maxRationaleTokens > 0, maxPromptTokens > 0, rolloutRows > 0 else {
            throw ValidationError(
                "--rollouts, --max-rationale-tokens, --max-prompt-tokens and --rollout-rows start at 1")
        }
        guard temperature > 0, otherTemperature >= 0 else {
            throw ValidationError("--temperature must be over 0, --other-temperature at least 0")
        }
        guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be over 0 and at most 1") }
    }

    var settings: RolloutSettings {
        RolloutSettings(
            count: rollouts, temperature: temperature, topP: topP, otherTemperature: otherTemperature,
            maxRationaleTokens: maxRationaleTokens, maxPromptTokens: maxPromptTokens)
    }

    var format: PackedFormat? {
        switch rolloutPrecision {
        case .bfloat16: .bfloat16
        case .int8: .int8
        case .float32: nil
        }
    }

    var provenance: [String: JSONValue] {
        [
            "rollouts": .integer(rollouts), "temperature": .number(temperature), "top_p": .number(topP),
            "other_temperature": .number(otherTemperature), "max_rationale_tokens": .integer(maxRationaleTokens),
            "max_prompt_tokens": .integer(maxPromptTokens), "rollout_precision": .string(rolloutPrecision.rawValue),
        ]
    }
}

/// What rollouts compute in.
enum RolloutPrecision: String, ExpressibleByArgument, CaseIterable {
    case bfloat16, int8, float32
}

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
    @Option(help: ArgumentHelp("Of what an adapter reads.", valueName: "share")) var loraDropout = 0.0
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
    @Option(help: ArgumentHelp("That compute.", valueName: "count")) var threads = ProcessInfo.processInfo
        .activeProcessorCount

    func validate() throws {
        guard batch > 0, updateBatch > 0, microBatchTokens > 0, threads > 0, loraRank >= 0 else {
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

    func apply(to settings: inout TrainingSettings) {
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
        settings.workers = threads
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

/// When things happen.
struct ScheduleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Times that all examples are used.", valueName: "count")) var epochs = 2
    @Option(help: ArgumentHelp("Steps, if not all of the epochs.", valueName: "count")) var steps: Int?
    @Option(help: ArgumentHelp("Steps from one checkpoint to the next.", valueName: "count")) var saveEvery = 50
    @Option(help: ArgumentHelp("Steps from one judgement by held-out examples to the next.", valueName: "count"))
    var judgeEvery = 10
    @Option(help: ArgumentHelp("Held-out examples that judge.", valueName: "count")) var heldOutExamples = 300
    @Option(help: ArgumentHelp("Checkpoints that stay, beside the best.", valueName: "count")) var keepCheckpoints = 3
    @Option(help: ArgumentHelp("Decides order, rollouts and what is dropped.", valueName: "number")) var seed: UInt64 =
        0

    func validate() throws {
        guard epochs > 0, saveEvery > 0, judgeEvery > 0, keepCheckpoints > 0, heldOutExamples >= 0, (steps ?? 1) > 0
        else { throw ValidationError("counts of the schedule start at 1") }
    }

    var provenance: [String: JSONValue] {
        [
            "epochs": .integer(epochs), "steps": steps.map { .integer($0) } ?? .null,
            "seed": .string("\(seed)"), "held_out_examples": .integer(heldOutExamples),
        ]
    }

    var schedule: TrainingRun.Schedule {
        var schedule = TrainingRun.Schedule()
        schedule.steps = steps
        schedule.epochs = epochs
        schedule.saveEvery = saveEvery
        schedule.judgeEvery = judgeEvery
        schedule.keep = keepCheckpoints
        return schedule
    }
}

extension Objective: ExpressibleByArgument {}
extension KeptActivationsSetting: ExpressibleByArgument {}
