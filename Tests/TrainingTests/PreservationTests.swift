import Checkpoints
import TensorGradients
import Testing
import Training

@Suite("What keeps a model's other abilities")
struct PreservationTests {
    private func score(_ logProbability: Double) -> TokenScore {
        TokenScore(logProbability: Float(logProbability), entropy: 0)
    }

    private let sequences = [
        TrainingSequence(prompt: [1], poolingStart: 0, rationale: [2, 3]),
        TrainingSequence(prompt: [4, 5], poolingStart: 1, rationale: [6]),
    ]

    @Test(
        "The loss is the mean of Huber's, and its gradient that of the loss", arguments: [-4.0, -1.5, -0.5, 0, 0.75, 3])
    func gradient(moved: Double) throws {
        let start = [[score(-2), score(-3)], [score(-1)]]
        let preservation = try Preservation(weight: 0.5, sequences) { _ in start }
        func loss(_ moved: Double) -> Double {
            preservation.loss([[score(-2 + moved), score(-3)], [score(-1)]])
        }
        let expected = abs(moved) <= 1 ? moved * moved / 2 : abs(moved) - 0.5
        #expect(abs(loss(moved) - expected / 3) < 1e-6)
        let step = 0.01
        let slope = 0.5 * (loss(moved + step) - loss(moved - step)) / (2 * step)
        #expect(abs(Double(preservation.gradient(0, 0, score(-2 + moved)).logProbability) - slope) < 1e-4)
        #expect(preservation.gradient(1, 0, score(-1)) == .zero)
    }

    @Test("What has moved is brought back", arguments: [Objective.grace, .contrastive])
    func bringsBack(objective: Objective) async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings(objective)
        settings.promptsPerUpdate = settings.promptsPerStep
        // So small that it is measured and decides nothing.
        settings.preservationWeight = 1e-12
        settings.adamW.learningRate = 1e-2
        let free = try tiny.trainer(settings)
        let moved = try await free.steps(7)
        // An adapter that adds nothing has moved nothing.
        #expect(try #require(moved[0]["preservation_loss"]) < 1e-9)
        try await free.save(to: tiny.path("moved"), provenance: tiny.provenance, metrics: StepMetrics())
        settings.preservationWeight = 1000
        settings.adamW.learningRate = 2e-3
        let held = try tiny.trainer(settings)
        try await held.begin(with: LoRAAdapter(path: tiny.path("moved")))
        let back = try await held.steps(16)
        let (before, after) = (
            try #require(back[0]["preservation_loss"]), try #require(back[15]["preservation_loss"])
        )
        #expect(before > 1e-3)
        #expect(after < before / 2)
    }

    @Test(
        "Beside it a contrastive loss and all gradients are what they are alone", .enabled(if: isAlone),
        arguments: Objective.allCases)
    func leavesOthers(objective: Objective) async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings(objective)
        settings.promptsPerUpdate = settings.promptsPerStep
        let alone = try await tiny.trainer(settings).steps(1)[0]
        settings.preservationWeight = 1e-12
        let beside = try await tiny.trainer(settings).steps(1)[0]
        #expect((alone["contrastive_loss"] != nil) == objective.hasContrastiveLoss)
        for name in ["contrastive_loss", "gradient_norm"] {
            guard let expected = alone[name] else { continue }
            #expect(abs(try #require(beside[name]) - expected) <= 1e-3 * abs(expected))
        }
    }
}

@Suite("An adapter that is trained further")
struct StartAdapterTests {
    @Test("It begins as the run ended that it is of", .enabled(if: isAlone))
    func begins() async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = TinyTraining.settings(.contrastive)
        let first = try tiny.trainer(settings)
        _ = try await first.steps(3)
        let expected = try await first.evaluate(sampleCount: 1)
        try await first.save(to: tiny.path("first"), provenance: tiny.provenance, metrics: StepMetrics())
        let second = try tiny.trainer(settings)
        let before = try await second.evaluate(sampleCount: 1)
        try await second.begin(with: LoRAAdapter(path: tiny.path("first")))
        let after = try await second.evaluate(sampleCount: 1)
        #expect(before.margins != expected.margins)
        #expect(after.margins == expected.margins)
        #expect(await second.position.step == 0)
    }

    @Test(
        "One of another shape is refused",
        arguments: [
            AdapterSettings(rank: 3, alpha: 6), AdapterSettings(rank: 2, alpha: 2),
            AdapterSettings(rank: 2, alpha: 4, targets: ["q_proj"]),
        ])
    func otherShape(adapter: AdapterSettings) async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = TinyTraining.settings(.contrastive)
        let first = try tiny.trainer(settings)
        try await first.save(to: tiny.path("first"), provenance: tiny.provenance, metrics: StepMetrics())
        let second = try tiny.trainer(settings, adapter: adapter)
        await #expect {
            try await second.begin(with: LoRAAdapter(path: tiny.path("first")))
        } throws: { error in
            guard case TrainingError.checkpoint(let reason) = error,
                case CheckpointError.unsupportedSetting(_, let key, _, _) = reason
            else { return false }
            return key == "adapter"
        }
    }
}
