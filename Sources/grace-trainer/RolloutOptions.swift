import ArgumentParser
import JSON
import Tensors
import Training

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
