import Foundation
import SystemPackage
import TestSupport
import Testing
import Training

@Suite("A run's directory")
struct RunDirectoryTests {
    private func metrics(_ step: Int, reward: Double? = nil) -> StepMetrics {
        var metrics = StepMetrics()
        metrics["step"] = Double(step)
        metrics["loss"] = Double(step) + 0.5
        metrics["held_out_reward"] = reward
        return metrics
    }

    private func text(_ directory: RunDirectory, _ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/\(name)")), as: UTF8.self)
    }

    private func begun(_ temporary: TemporaryDirectory, steps: ClosedRange<Int>) throws -> RunDirectory {
        let directory = try RunDirectory(path: FilePath("\(temporary.path)/run"))
        #expect(!directory.hasBegun)
        for step in steps {
            try directory.append(metrics(step, reward: step % 2 == 0 ? Double(step) : nil))
            try directory.append(margins: [Double(step) / 3, -1], step: step)
            try directory.append(
                [.init(text: "a \"text\"\n", rationale: "line\u{2028}", isCutOff: step == 1)], step: step)
        }
        #expect(directory.hasBegun)
        return directory
    }

    @Test("Lines are JSON, a step each, and values are read back")
    func lines() throws {
        let temporary = try TemporaryDirectory()
        let directory = try begun(temporary, steps: 0...3)
        #expect(try text(directory, "metrics.jsonl").split(separator: "\n").count == 4)
        #expect(try text(directory, "metrics.jsonl").hasPrefix(#"{"step":0,"loss":0.5,"held_out_reward":0}"#))
        #expect(try directory.values(of: "loss") == [0: 0.5, 1: 1.5, 2: 2.5, 3: 3.5])
        #expect(try directory.values(of: "held_out_reward") == [0: 0, 2: 2])
        #expect(try directory.values(of: "none").isEmpty)
        #expect(try directory.margins(ofStep: 2) == [2.0 / 3, -1])
        #expect(try directory.margins(ofStep: 9) == nil)
        #expect(try text(directory, "samples.jsonl").contains(#""finish_reason":"length""#))
    }

    @Test("Steps that are made once more are forgotten, and lines that were cut off", arguments: -1...4)
    func forget(step: Int) throws {
        let temporary = try TemporaryDirectory()
        let directory = try begun(temporary, steps: 0...3)
        for name in ["metrics.jsonl", "margins.jsonl", "samples.jsonl"] {
            let whole = try text(directory, name)
            try temporary.write(whole + #"{"step":1,"los"#, to: "run/\(name)")
        }
        try directory.forget(after: step)
        let expected = Array(0...3).filter { $0 <= step }
        #expect(try directory.values(of: "loss").keys.sorted() == expected)
        for name in ["metrics.jsonl", "margins.jsonl", "samples.jsonl"] {
            let kept = try text(directory, name)
            #expect(kept.isEmpty || kept.hasSuffix("\n"))
            #expect(kept.split(separator: "\n").count == expected.count)
        }
        try directory.append(metrics(9))
        #expect(try directory.values(of: "loss").keys.sorted() == expected + [9])
    }

    @Test("Damaged lines are passed over, never a crash")
    func damaged() throws {
        let temporary = try TemporaryDirectory()
        let directory = try begun(temporary, steps: 0...3)
        let bytes = Array(try text(directory, "metrics.jsonl").utf8)
        var mutator = Mutator(seed: 3)
        for _ in 0..<500 {
            try temporary.write(mutator.mutate(bytes), to: "run/metrics.jsonl")
            _ = try directory.values(of: "loss")
        }
        for _ in 0..<50 {
            try temporary.write(mutator.mutate(bytes), to: "run/metrics.jsonl")
            try directory.forget(after: 2)
            #expect(try directory.values(of: "loss").keys.allSatisfy { $0 <= 2 })
        }
    }

    @Test("Checkpoints are found in the order of their steps, and all but some removed")
    func checkpoints() throws {
        let temporary = try TemporaryDirectory()
        let directory = try RunDirectory(path: FilePath("\(temporary.path)/run"))
        #expect(try directory.steps().isEmpty)
        for step in [50, 9, 1_000_000, 100] {
            try FileManager.default.createDirectory(
                atPath: directory.checkpoint(step: step).string, withIntermediateDirectories: true)
        }
        _ = try temporary.makeDirectory("run/checkpoints/other")
        #expect(directory.checkpoint(step: 9).lastComponent?.string == "step-000009")
        #expect(try directory.steps() == [9, 50, 100, 1_000_000])
        try directory.keepOnly([9, 100, 7])
        #expect(try directory.steps() == [9, 100])
        #expect(FileManager.default.fileExists(atPath: "\(temporary.path)/run/checkpoints/other"))
    }

    @Test("A directory that cannot be made is an error")
    func unwritable() throws {
        let temporary = try TemporaryDirectory()
        try temporary.write("", to: "file")
        #expect(throws: TrainingError.self) { try RunDirectory(path: FilePath("\(temporary.path)/file/run")) }
    }
}

@Suite("A run from its first step to its last")
struct TrainingRunTests {
    private func run(
        _ tiny: TinyTraining, _ directory: RunDirectory, steps: Int, keep: Int = 2, saveEvery: Int = 1
    ) throws -> TrainingRun {
        var schedule = TrainingRun.Schedule()
        schedule.steps = steps
        schedule.saveEvery = saveEvery
        schedule.judgeEvery = 1
        schedule.keep = keep
        schedule.samples = 1
        return TrainingRun(
            try tiny.trainer(TinyTraining.settings(.contrastive)), in: directory, schedule: schedule,
            provenance: tiny.provenance, shouldStop: { false }, onStep: { _, _ in })
    }

    @Test("The last checkpoints stay, and the best")
    func keepsBest() async throws {
        guard let tiny = try TinyTraining() else { return }
        let directory = try RunDirectory(path: tiny.path("run"))
        try await run(tiny, directory, steps: 6, keep: 1).run()
        let rewards = try directory.values(of: "held_out_reward")
        #expect(rewards.keys.sorted() == Array(0...6))
        let best = try #require((1...6).max { rewards[$0, default: 0] < rewards[$1, default: 0] })
        #expect(try Set(directory.steps()) == [best, 6])
    }

    @Test(
        "A run that was ended anywhere goes on to the same lines", .enabled(if: isAlone), arguments: [1, 3], [1, 2, 50])
    func goesOn(ended: Int, saveEvery: Int) async throws {
        guard let tiny = try TinyTraining() else { return }
        let whole = try RunDirectory(path: tiny.path("whole"))
        try await run(tiny, whole, steps: 4, saveEvery: saveEvery).run()
        let directory = try RunDirectory(path: tiny.path("run"))
        try await run(tiny, directory, steps: ended, saveEvery: saveEvery).run()
        // As if it had been killed while it made the next step, and before its last checkpoint where that was not due.
        if ended % saveEvery != 0 { try directory.keepOnly(Set(try directory.steps().dropLast())) }
        let lines = String(
            decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/metrics.jsonl")), as: UTF8.self)
        try tiny.directory.write(lines + #"{"step":\#(ended + 1),"ep"#, to: "run/metrics.jsonl")
        let second = try run(tiny, directory, steps: 4, saveEvery: saveEvery)
        let resumed = try await second.resume()
        #expect(resumed == (ended / saveEvery == 0 ? nil : ended / saveEvery * saveEvery))
        try await second.run()
        for name in ["step", "contrastive_loss", "gradient_norm", "held_out_reward", "held_out_kl_to_start"] {
            #expect(try directory.values(of: name) == whole.values(of: name), "\(name)")
        }
        let again = String(
            decoding: try Data(contentsOf: URL(filePath: "\(directory.path)/metrics.jsonl")), as: UTF8.self)
        #expect(again.split(separator: "\n").count == 5, "the beginning and four steps, once each")
    }
}
