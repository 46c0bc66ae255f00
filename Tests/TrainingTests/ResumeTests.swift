import Checkpoints
import Datasets
import Foundation
import Grace
import SystemPackage
import Tensors
import TestSupport
import Testing
import Training
import Transformer

@Suite("Training that goes on")
struct ResumeTests {
    private static let adapters: [AdapterSettings?] = [nil, AdapterSettings(rank: 2, alpha: 4)]

    @Test(
        "A run that goes on makes the same numbers as one that was never ended", .enabled(if: isAlone),
        arguments: adapters, [Objective.grace, .contrastive])
    func sameNumbers(adapter: AdapterSettings?, objective: Objective) async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = TinyTraining.settings(objective)
        let whole = try tiny.trainer(settings, adapter: adapter)
        // Over the end of an epoch, which has three steps.
        let expected = try await whole.steps(5)
        let judged = try await whole.evaluate(sampleCount: 2)
        for saved in [1, 3] {
            let first = try tiny.trainer(settings, adapter: adapter)
            var metrics = try await first.steps(saved)
            let path = tiny.path("saved-\(saved)")
            try await first.save(to: path, provenance: tiny.provenance, metrics: StepMetrics())
            let second = try tiny.trainer(settings, adapter: adapter)
            try await second.resume(from: path, provenance: tiny.provenance)
            metrics += try await second.steps(5 - saved)
            #expect(metrics == expected, "saved after \(saved)")
            let again = try await second.evaluate(sampleCount: 2)
            #expect(again.metrics == judged.metrics && again.samples == judged.samples)
        }
    }

    @Test("Other data are refused, before anything is taken over")
    func otherData() async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = TinyTraining.settings()
        let first = try tiny.trainer(settings)
        _ = try await first.steps(1)
        try await first.save(to: tiny.path("saved"), provenance: tiny.provenance, metrics: StepMetrics())
        let other = try TinyTraining.dataset(.triplets, seed: 1, in: tiny.directory)
        #expect(other.digest != tiny.dataset.digest)
        let second = try tiny.trainer(settings, dataset: other)
        let expected = try await tiny.trainer(settings, dataset: other).steps(1)
        let (path, digest) = (tiny.path("saved"), other.digest.description)
        let refusal = TrainingError.otherData(
            path: path.string, found: digest, expected: tiny.dataset.digest.description)
        let provenance = Trainer.Provenance(checkpoint: tiny.checkpoint, dataDigest: digest, configuration: [:])
        await #expect(throws: refusal) { try await second.resume(from: path, provenance: provenance) }
        #expect(try await second.steps(1) == expected)
    }

    @Test("An adapter of another rank is refused, and a directory without a checkpoint")
    func otherAdapter() async throws {
        guard let tiny = try TinyTraining() else { return }
        let settings = TinyTraining.settings(.contrastive)
        let first = try tiny.trainer(settings)
        try await first.save(to: tiny.path("saved"), provenance: tiny.provenance, metrics: StepMetrics())
        for adapter in [AdapterSettings(rank: 3, alpha: 4), nil] {
            let second = try tiny.trainer(settings, adapter: adapter)
            await #expect(throws: TrainingError.self) {
                try await second.resume(from: tiny.path("saved"), provenance: tiny.provenance)
            }
        }
        await #expect(throws: TrainingError.self) {
            try await first.resume(from: tiny.path("nothing"), provenance: tiny.provenance)
        }
    }

    @Test("What is saved is a checkpoint that is served, with the trained weights", arguments: adapters)
    func served(adapter: AdapterSettings?) async throws {
        guard let tiny = try TinyTraining() else { return }
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive), adapter: adapter)
        _ = try await trainer.steps(2)
        try await trainer.save(to: tiny.path("saved"), provenance: tiny.provenance, metrics: StepMetrics())
        let checkpoint = try GraceCheckpoint(path: tiny.path("saved"))
        #expect((checkpoint.adapter != nil) == (adapter != nil))
        #expect(checkpoint.settings == tiny.checkpoint.settings)
        #expect(checkpoint.identity != tiny.checkpoint.identity)
        if adapter != nil { #expect(checkpoint.baseDigest == tiny.checkpoint.baseDigest) }
        let saved = try LoadedModel(checkpoint, precision: .float32)
        let start = try LoadedModel(tiny.checkpoint, precision: .float32)
        func state(_ transformer: Transformer) -> [Float] {
            var packed = PackedTokens()
            _ = packed.append([5, 6, 7, 8])
            let pass = TrainingPass(model: TrainableModel(training: transformer), tokenCapacity: 8)
            return pass.forward(packed).row(3)
        }
        // As the trainer has it after it was loaded once more.
        let again = try tiny.trainer(TinyTraining.settings(.contrastive), adapter: adapter)
        try await again.resume(from: tiny.path("saved"), provenance: tiny.provenance)
        try await again.save(to: tiny.path("again"), provenance: tiny.provenance, metrics: StepMetrics())
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(tiny.path("saved"))") {
            #expect(
                try Data(contentsOf: URL(filePath: "\(tiny.path("saved"))/\(name)"))
                    == Data(contentsOf: URL(filePath: "\(tiny.path("again"))/\(name)")), "\(name)")
        }
        #expect(state(saved.transformer) != state(start.transformer))
    }
}
