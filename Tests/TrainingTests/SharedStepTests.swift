import Checkpoints
import Datasets
import Foundation
import JSON
import Ranks
import TensorGradients
import Tensors
import TestSupport
import Testing
import Training

extension Trainer {
    /// The gradients of the last update, one after the other.
    fileprivate var gradients: [Float] { model.parameters.flatMap { Array($0.gradient.elements) } }
    fileprivate var weights: [Float] { model.parameters.flatMap { Array($0.value.elements) } }
    fileprivate func changeWeight() { model.parameters[0].value.elements[0] += 1e-6 }
}

@Suite("Trainers that make each step together")
struct SharedStepTests {
    /// What differs however well they agree: what micro-batches begin with comes once in each of them.
    private static let incidental: Set = ["trained_tokens", "waiting_seconds", "communication_seconds"]

    private static func expectEqual(_ found: [String: Double], _ expected: [String: Double], within bound: Double) {
        #expect(Set(found.keys).subtracting(incidental) == Set(expected.keys).subtracting(incidental))
        for (name, value) in expected where !incidental.contains(name) {
            guard let found = found[name] else { continue }
            #expect(abs(found - value) <= bound * max(abs(value), 1), "\(name): \(found), \(value)")
        }
    }

    private static func settings(_ objective: Objective) -> TrainingSettings {
        var settings = TinyTraining.settings(objective)
        // One update a step, whose gradients are there afterwards.
        settings.promptsPerStep = 5
        settings.promptsPerUpdate = 5
        settings.preservationWeight = 0.3
        settings.policyGradient.divergenceCoefficient = 0.1
        // What rollouts differ in is then large beside what rounding moves.
        settings.rollouts.maxRationaleTokens = 12
        // Of several micro-batches, which end elsewhere where fewer sequences are packed.
        settings.microBatchTokens = 500
        return settings
    }

    /// What rounding moves stays small: AdamW's first updates are else as large as the rate whatever the gradient is, up
    /// or down by the sign of what is almost nothing, and rollouts that are rounded draw another token sooner.
    private static func steady(_ objective: Objective = .grace) -> TrainingSettings {
        var settings = TinyTraining.settings(objective)
        settings.adamW.epsilon = 1
        settings.adamW.learningRate = 0.1
        settings.rolloutFormat = nil
        return settings
    }

    private static let cases: [(Objective, DatasetKind)] = Objective.allCases.flatMap { objective in
        [DatasetKind.triplets, .texts].map { (objective, $0) }
    }

    @Test("Gradients and metrics are those of one alone, and the same in all", arguments: cases, [2, 3])
    func sameStep(what: (objective: Objective, kind: DatasetKind), count: Int) async throws {
        guard let tiny = try TinyTraining(what.kind) else { return }
        let settings = Self.settings(what.objective)
        // Two readings of one text are rewarded almost alike: in what one is better, what rounding moves counts for more.
        let bound = what.objective == .grace && what.kind == .texts ? 3e-5 : 1e-5
        let adapters = [AdapterSettings(rank: 2, alpha: 4, dropout: 0), nil]
        for adapter in adapters {
            let single = try tiny.trainer(settings, adapter: adapter)
            let expected = try await single.steps(1)[0]
            let trainers = try tiny.trainers(settings, count: count, adapter: adapter)
            let found = try await trainers.together { try await $0.steps(1)[0] }
            let gradients = await single.gradients
            for (trainer, metrics) in zip(trainers, found) {
                Self.expectEqual(metrics, expected, within: 1e-5)
                let distance = await relativeL2(trainer.gradients, gradients)
                #expect(distance <= bound, "\(distance)")
                #expect(await trainer.weights == trainers[0].weights, "all change alike, to the bit")
            }
        }
    }

    @Test("Several updates and epochs go the same way, and so do judgements", arguments: Objective.allCases)
    func sameCurve(objective: Objective) async throws {
        guard let tiny = try TinyTraining() else { return }
        var settings = Self.steady(objective)
        settings.promptsPerStep = 4
        settings.promptsPerUpdate = 3
        settings.adapterDropout = objective == .contrastive ? 0.2 : 0
        let single = try tiny.trainer(settings)
        let expected = try await single.steps(4)
        let judged = try await single.evaluate(sampleCount: 2)
        let found = try await tiny.trainers(settings, count: 2).together { trainer in
            (try await trainer.steps(4), try await trainer.evaluate(sampleCount: 2))
        }
        for (metrics, judgement) in found {
            for (metrics, expected) in zip(metrics, expected) { Self.expectEqual(metrics, expected, within: 1e-4) }
            #expect(judgement.samples.count == judged.samples.count)
            for (margin, expected) in zip(judgement.margins, judged.margins) { #expect(abs(margin - expected) <= 1e-4) }
        }
    }

    @Test("The first writes the run for all, and any number of them goes on with it")
    func goesOn() async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = Self.steady()
        func run(_ count: Int, steps: Int, in directory: RunDirectory, resumes: Bool) async throws -> [Int?] {
            try await tiny.trainers(settings, count: count).together { trainer in
                var schedule = TrainingRun.Schedule()
                schedule.steps = steps
                let isFirst = await trainer.isFirst
                let run = TrainingRun(
                    trainer, in: isFirst ? directory : nil, schedule: schedule, provenance: tiny.provenance,
                    shouldStop: { false }, onStep: { _, _ in })
                let step = resumes ? try await run.resume() : nil
                try await run.run()
                return step
            }
        }
        let whole = try RunDirectory(path: tiny.path("whole"))
        _ = try await run(1, steps: 4, in: whole, resumes: false)
        let directory = try RunDirectory(path: tiny.path("run"))
        _ = try await run(2, steps: 2, in: directory, resumes: false)
        #expect(try await run(3, steps: 3, in: directory, resumes: true) == [2, nil, nil])
        #expect(try await run(1, steps: 4, in: directory, resumes: true) == [3])
        for name in ["step", "reward_mean", "loss", "gradient_norm", "held_out_margin"] {
            let (found, expected) = (try directory.values(of: name), try whole.values(of: name))
            #expect(found.keys.sorted() == [0, 1, 2, 3, 4].filter { found[$0] != nil })
            for (step, value) in expected {
                guard let found = found[step] else { continue }
                #expect(abs(found - value) <= 1e-4 * max(abs(value), 1), "\(name) of step \(step)")
            }
        }
    }

    @Test("One that is asked to end ends all after the same step")
    func ends() async throws {
        guard let tiny = try TinyTraining() else { return }
        let directory = try RunDirectory(path: tiny.path("run"))
        let steps = try await tiny.trainers(TinyTraining.settings(.contrastive), count: 2).together { trainer in
            let isFirst = await trainer.isFirst
            try await TrainingRun(
                trainer, in: isFirst ? directory : nil, schedule: .init(), provenance: tiny.provenance,
                shouldStop: { !isFirst }, onStep: { _, _ in }
            ).run()
            return await trainer.position.step
        }
        #expect(steps == [1, 1])
        #expect(try directory.steps() == [1])
    }

    @Test("Weights that are not the same in all are found before they are saved")
    func otherWeights() async throws {
        guard let tiny = try TinyTraining() else { return }
        let directory = try RunDirectory(path: tiny.path("run"))
        var schedule = TrainingRun.Schedule()
        schedule.steps = 1
        let refused = try await tiny.trainers(TinyTraining.settings(.contrastive), count: 2).together {
            [schedule] trainer in
            let isFirst = await trainer.isFirst
            if isFirst { await trainer.changeWeight() }
            do throws(TrainingError) {
                try await TrainingRun(
                    trainer, in: isFirst ? directory : nil, schedule: schedule, provenance: tiny.provenance,
                    shouldStop: { false }, onStep: { _, _ in }
                ).run()
                return false
            } catch {
                return error == .ranksDiffer(in: .weights)
            }
        }
        #expect(refused == [true, true])
        #expect(try directory.steps().isEmpty)
    }

    @Test("More than a step has examples are refused, and those that were not started alike")
    func refusals() async throws {
        guard let tiny = try TinyTraining() else { return }
        #expect(throws: TrainingError.tooManyRanks(count: 4, promptsPerStep: 3)) {
            try tiny.trainers(TinyTraining.settings(), count: 4)
        }
        let trainers = try tiny.trainers(TinyTraining.settings(), count: 2)
        let refused = try await trainers.together { trainer in
            var provenance = tiny.provenance
            provenance.configuration["rank"] = await trainer.isFirst ? .integer(1) : .integer(2)
            do throws(TrainingError) {
                try await trainer.checkStart(provenance)
                return false
            } catch {
                return error == .ranksDiffer(in: .start)
            }
        }
        #expect(refused == [true, true])
    }
}
