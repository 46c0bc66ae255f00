import ArgumentParser
import JSON
import Training

/// When things happen.
struct ScheduleOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Times that all examples are used.", valueName: "count")) var epochs = 2
    @Option(help: ArgumentHelp("Steps, if not all of the epochs.", valueName: "count")) var steps: Int?
    @Option(help: ArgumentHelp("Steps in which the learning rate rises to its highest.", valueName: "count"))
    var warmupSteps = 0
    @Option(help: ArgumentHelp("How the learning rate falls from there to the last step.", valueName: "name"))
    var learningRateDecay = LearningRateSchedule.Decay.constant
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
        guard warmupSteps >= 0 else { throw ValidationError("--warmup-steps starts at 0") }
    }

    var provenance: [String: JSONValue] {
        [
            "epochs": .integer(epochs), "steps": steps.map { .integer($0) } ?? .null,
            "seed": .string("\(seed)"), "held_out_examples": .integer(heldOutExamples),
            "warmup_steps": .integer(warmupSteps), "learning_rate_decay": .string(learningRateDecay.rawValue),
        ]
    }

    var schedule: TrainingRun.Schedule {
        var schedule = TrainingRun.Schedule()
        schedule.steps = steps
        schedule.epochs = epochs
        schedule.saveEvery = saveEvery
        schedule.judgeEvery = judgeEvery
        schedule.keep = keepCheckpoints
        schedule.learningRate = LearningRateSchedule(warmupSteps: warmupSteps, decay: learningRateDecay)
        return schedule
    }
}

extension LearningRateSchedule.Decay: ExpressibleByArgument {}
