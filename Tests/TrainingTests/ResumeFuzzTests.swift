import Checkpoints
import Foundation
import SystemPackage
import TestSupport
import Testing
import Training

@Suite("Damaged files to go on from")
struct ResumeFuzzTests {
    private static let state = "training_state.safetensors"

    /// A checkpoint of one step, and the bytes of what is damaged of it.
    private func saved(_ tiny: TinyTraining, _ file: String) async throws -> [UInt8] {
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive))
        _ = try await trainer.steps(1)
        try await trainer.save(to: tiny.path("saved"), provenance: tiny.provenance, metrics: StepMetrics())
        return [UInt8](try Data(contentsOf: URL(filePath: "\(tiny.path("saved"))/\(file)")))
    }

    /// Goes on, and makes a step where that can be.
    private func outcome(_ tiny: TinyTraining, _ trainer: Trainer) async -> TrainingError? {
        do {
            try await trainer.resume(from: tiny.path("saved"), provenance: tiny.provenance)
            _ = try await trainer.step()
            return nil
        } catch {
            #expect(!"\(error)".isEmpty)
            return error
        }
    }

    @Test("Every damage is an error or can be trained on", arguments: [state, "adapter_model.safetensors"])
    func damaged(file: String) async throws {
        guard let tiny = try TinyTraining() else { return }
        let bytes = try await saved(tiny, file)
        let headerLength = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) } + 8
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive))
        var mutator = Mutator(seed: 1)
        var refused = 0
        for round in 0..<300 {
            // The header is where a damage does most; the numbers are most of the file.
            let damaged =
                round % 3 == 0
                ? mutator.mutate(bytes)
                : mutator.mutate(Array(bytes[..<headerLength])) + bytes[headerLength...]
            try tiny.directory.write(damaged, to: "saved/\(file)")
            if await outcome(tiny, trainer) != nil { refused += 1 }
        }
        #expect(refused > 150)
        try tiny.directory.write(bytes, to: "saved/\(file)")
        #expect(await outcome(tiny, trainer) == nil)
    }

    @Test(
        "Weights and moments that are not finite are refused", arguments: [nil, AdapterSettings(rank: 2, alpha: 4)])
    func notFinite(adapter: AdapterSettings?) async throws {
        guard let tiny = try TinyTraining() else { return }
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive), adapter: adapter)
        try await trainer.save(to: tiny.path("saved"), provenance: tiny.provenance, metrics: StepMetrics())
        for file in [adapter == nil ? "model.safetensors" : "adapter_model.safetensors", Self.state] {
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(tiny.path("saved"))/\(file)")))
            var damaged = bytes
            // Numbers of some tensor, which are none any more.
            for index in bytes.count * 5 / 8..<bytes.count * 6 / 8 { damaged[index] = 0xFF }
            try tiny.directory.write(damaged, to: "saved/\(file)")
            let error = await outcome(tiny, trainer)
            guard case .checkpoint(.numberNotStorable(_, _, _, let found, _)) = error else {
                Issue.record("\(file): \(error.map { "\($0)" } ?? "no error")")
                continue
            }
            #expect(found.isNaN)
            try tiny.directory.write(bytes, to: "saved/\(file)")
        }
    }

    @Test(
        "A place that no run has come to is refused",
        arguments: [
            [1, 0, 8, 2], [1, 0, 9, 2], [-1, 0, 3, 2], [1, -1, 3, 2], [1, 0, -3, 2], [1, 0, 3, -2], [.max, 0, 3, 2],
            [1, .max, 3, 2], [1, 0, .max, 2], [1, 0, 3, .max], [.min, .min, .min, .min],
        ] as [[Int64]])
    func positions(numbers: [Int64]) async throws {
        guard let tiny = try TinyTraining() else { return }
        var bytes = try await saved(tiny, Self.state)
        func littleEndian(_ numbers: [Int64]) -> [UInt8] {
            numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } }
        }
        let place = try #require(bytes.firstRange(of: littleEndian([1, 0, 3, 2])))
        bytes.replaceSubrange(place, with: littleEndian(numbers))
        try tiny.directory.write(bytes, to: "saved/\(Self.state)")
        let trainer = try tiny.trainer(TinyTraining.settings(.contrastive))
        #expect(
            await outcome(tiny, trainer)
                == .invalidPosition(path: "\(tiny.path("saved"))/\(Self.state)", found: numbers, examples: 8))
    }
}
