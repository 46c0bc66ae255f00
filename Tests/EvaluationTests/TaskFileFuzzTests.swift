import Evaluation
import Foundation
import TestSupport
import Testing

@Suite("Fuzzed task files and results", .serialized)
struct TaskFileFuzzTests {
    /// How many damaged files a test reads; `GRACE_FUZZ_ROUNDS` multiplies.
    private static let caseCount =
        2_000 * max(1, ProcessInfo.processInfo.environment["GRACE_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 1)

    /// Reads damaged copies; some must be refused and some not, or the damage reaches nothing.
    private func fuzz(_ original: [UInt8], seed: UInt64, read: ([UInt8]) throws -> Void) throws {
        var mutator = Mutator(seed: seed)
        var (taken, refused) = (0, 0)
        for _ in 0..<Self.caseCount {
            do {
                try read(mutator.mutate(original))
                taken += 1
            } catch let error as EvaluationError {
                #expect(error.description.count < 1_000)
                #expect(!error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(taken > 0 && refused > 0, "\(taken) taken, \(refused) refused")
    }

    @Test(
        "A damaged task is refused, or is a task",
        arguments: [
            #"{"s1":"a b","s2":"b","score":1.5}|{"s1":"c","s2":"d","score":2}|{"s1":"e","s2":"f","score":0}"#,
            #"{"s1":"a b","s2":"b","label":1}|{"s1":"c","s2":"d","label":0}|{"s1":"e","s2":"f","label":1}"#,
            #"{"query":"a","positive":["b","x"],"negative":["c","d"]}|{"query":"e","positive":["f"],"negative":["g"]}"#,
            #"{"kind":"qrel","qid":"q","did":1,"rel":1}|{"kind":"doc","id":1,"text":"b"}|"#
                + #"{"kind":"doc","id":"2","text":"c"}|{"kind":"query","id":"q","text":"a"}"#,
            #"{"text":"a","label":"x","split":"train"}|{"text":"b","label":"y","split":"train"}|"#
                + #"{"text":"c","label":"x","split":"test"}"#,
            #"{"doc":"a","summary":"b"}|{"doc":"c","summary":"d"}|{"doc":"e","summary":"f"}"#,
        ])
    func tasks(text: String) throws {
        try fuzz(Array(text.replacing("|", with: "\n").utf8), seed: 3) { bytes in
            let found = try TaskFile.parse(bytes, file: "fuzzed.jsonl", name: "fuzzed")
            #expect(!found.texts.isEmpty)
            _ = found.cut(to: WordLimit(words: 1))
        }
    }

    @Test("Damaged results are refused, or are results")
    func results() async throws {
        let task = try task([#"{"s1":"a b","s2":"b","score":1}"#, #"{"s1":"c","s2":"d","score":2}"#])
        var results = EvaluationResults(
            model: FakeEmbedder().identity,
            settings: EvaluationSettings(maxWords: 0, bootstrap: Bootstrap(resamples: 10, seed: 1)))
        results.tasks = [try #require(try await result(of: task))]
        try fuzz(results.json, seed: 4) { bytes in
            let read = try EvaluationResults(parsing: bytes, file: "fuzzed.json")
            #expect(read.tasks.allSatisfy { !$0.evidence.isEmpty })
            #expect(read.table.contains(read.model.name))
        }
    }
}
