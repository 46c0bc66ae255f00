import ArgumentParser
import JSON
import Training

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
    @Option(
        help: ArgumentHelp(
            "Of what keeps texts as likely as they were where the model reads them without being asked for a rationale.",
            valueName: "weight"))
    var preservationWeight = 0.0
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
        guard preservationWeight >= 0 else { throw ValidationError("--preservation-weight starts at 0") }
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
            "permute_rewards": .bool(permuteRewards), "preservation_weight": .number(preservationWeight),
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

extension Objective: ExpressibleByArgument {}
