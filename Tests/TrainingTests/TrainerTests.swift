import Checkpoints
import Datasets
import Grace
import SystemPackage
import Tensors
import TestSupport
import Testing
import Training
import Transformer

@Suite("Steps of training")
struct TrainerTests {
    private static let adapters: [AdapterSettings?] = [nil, AdapterSettings(rank: 2, alpha: 4)]

    /// What can be trained of all three objectives, of either kind of data.
    private static let cases: [(Objective, DatasetKind)] = Objective.allCases.flatMap { objective in
        [DatasetKind.triplets, .texts].map { (objective, $0) }
    }

    @Test(
        "Every objective runs on all data, with an adapter and without, and changes what is trained", arguments: cases)
    func objectives(objective: Objective, kind: DatasetKind) async throws {
        guard let tiny = try TinyTraining(kind) else { return }
        for adapter in Self.adapters {
            let trainer = try tiny.trainer(TinyTraining.settings(objective), adapter: adapter)
            let before = try await trainer.evaluate(sampleCount: 1)
            #expect(before.samples.count == 1)
            let kept = try #require(before.metrics["held_out_kl_to_start"])
            // The start is kept as rollouts compute it, in bfloat16.
            #expect(kept >= 0 && kept < 1e-3)
            let metrics = try await trainer.steps(4)
            for (index, step) in metrics.enumerated() {
                #expect(step["step"] == Double(index + 1))
                #expect(step.values.allSatisfy { $0.isFinite })
                #expect(try #require(step["gradient_norm"]) > 0)
                #expect(try #require(step["trained_tokens"]) > 0)
                #expect((step["contrastive_loss"] != nil) == objective.hasContrastiveLoss)
                #expect((step["reward_mean"] != nil) == objective.hasPolicyGradient)
                if let gap = step["rollout_gap"] { #expect(gap < 0.05, "two definitions of a log-probability") }
            }
            let after = try await trainer.evaluate(sampleCount: 0)
            #expect(try #require(after.metrics["held_out_kl_to_start"]) > kept)
            #expect(after.metrics["held_out_margin"] != before.metrics["held_out_margin"])
        }
    }

    @Test("The divergence is from the model that training began with, whatever the format", arguments: adapters)
    func start(adapter: AdapterSettings?) async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings()
        settings.rolloutFormat = nil
        settings.policyGradient.divergenceCoefficient = 0.1
        let trainer = try tiny.trainer(settings, adapter: adapter)
        // Beside other tests OpenBLAS may share its work otherwise, which the last bits show.
        #expect(try #require(await trainer.evaluate(sampleCount: 0).metrics["held_out_kl_to_start"]) < 1e-9)
        let metrics = try await trainer.steps(3)
        #expect(try #require(metrics[2]["kl_to_start"]) > 1e-6)
        #expect(try #require(await trainer.evaluate(sampleCount: 0).metrics["held_out_kl_to_start"]) > 1e-6)
    }

    @Test("The same seed gives the same numbers, and another others", .enabled(if: isAlone), arguments: cases)
    func seeds(objective: Objective, kind: DatasetKind) async throws {
        guard let tiny = try TinyTraining(kind) else { return }
        var settings = TinyTraining.settings(objective)
        let expected = try await tiny.trainer(settings).steps(3)
        #expect(try await tiny.trainer(settings).steps(3) == expected)
        settings.seed = 12
        #expect(try await tiny.trainer(settings).steps(3) != expected)
    }

    @Test("Several epochs use every example, the last step of each what is left")
    func epochs() async throws {
        guard let tiny = try TinyTraining() else { return }
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive))
        #expect(await trainer.stepsPerEpoch == 3)
        let epochs = try await trainer.steps(5).compactMap { $0["epoch"] }
        let expected: [Double] = [0, 0.375, 0.75, 1, 1.375]
        #expect(epochs == expected)
        let position = await trainer.position
        #expect(position.step == 5 && position.epoch == 1 && position.used == 6)
    }

    @Test("Rewards that change places stay in their group")
    func permuted() async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings()
        let plain = try await tiny.trainer(settings).steps(1)[0]
        settings.permutesRewards = true
        let permuted = try await tiny.trainer(settings).steps(1)[0]
        // Of the same rollouts: a group's values, and so its mean and spread, are the same.
        #expect(permuted["reward_mean"] == plain["reward_mean"])
        let spread = try #require(plain["advantage_std"])
        #expect(abs(try #require(permuted["advantage_std"]) - spread) <= 1e-9 && spread > 0)
        #expect(permuted["gradient_norm"] != plain["gradient_norm"])
    }

    @Test("Rationales are contrasted too where that is asked for")
    func contrastedRationales() async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings(.contrastive)
        let plain = try await tiny.trainer(settings).steps(1)[0]
        settings.contrastsRationales = true
        let longer = try await tiny.trainer(settings).steps(1)[0]
        #expect(try #require(longer["trained_tokens"]) > (try #require(plain["trained_tokens"])))
    }

    @Test("A context that is too short is refused, and a micro-batch that no prompt fits")
    func refusals() async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = TinyTraining.settings()
        settings.rollouts.maxPromptTokens = 1020
        #expect(throws: TrainingError.contextTooShort(prompt: 1020, rationale: 5, context: 1024)) {
            try tiny.trainer(settings)
        }
        settings = TinyTraining.settings()
        settings.microBatchTokens = 8
        let trainer = try tiny.trainer(settings)
        await #expect {
            _ = try await trainer.step()
        } throws: { error in
            if case TrainingError.sequenceTooLong(_, limit: 8) = error { true } else { false }
        }
    }
}
