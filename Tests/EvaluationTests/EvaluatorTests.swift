import Confinement
import Evaluation
import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("Scores of tasks")
struct EvaluatorTests {
    private let greedy = RationaleMode(.greedy, maxRationaleTokens: 8, temperature: 1, seedCount: 5)

    @Test(
        "Pairs that share more words are more alike: Spearman's correlation is 1, and -1 where people say the contrary")
    func similarity() async throws {
        func lines(_ scores: [Int]) -> [String] {
            zip(["red blue", "red", "green"], scores).map {
                #"{"s1":"red blue","s2":"\#($0)","score":\#($1)}"#
            }
        }
        #expect(try await result(of: task(lines([5, 3, 1])))?.estimate.value == 1)
        #expect(try await result(of: task(lines([1, 3, 5])))?.estimate.value == -1)
    }

    @Test("Pairs that match lie above those that do not")
    func pairs() async throws {
        let lines = [("red sea", "red sea", 1), ("red sea", "red", 1), ("red sea", "green", 0), ("blue", "green", 0)]
        func scored(_ flip: Bool) async throws -> Double? {
            try await result(
                of: task(lines.map { #"{"s1":"\#($0)","s2":"\#($1)","label":\#(flip ? 1 - $2 : $2)}"# }))?.estimate
                .value
        }
        #expect(try await scored(false) == 1)
        let worst = try #require(try await scored(true))
        #expect(worst < 0.5)
    }

    @Test("Candidates are ranked; one that says the same as the right one counts against it")
    func reranking() async throws {
        let found = try await result(
            of: task([
                #"{"query":"red sea","positive":["the red sea"],"negative":["green","blue sky"]}"#,
                #"{"query":"red sea","positive":["green"],"negative":["red sea","red"]}"#,
                #"{"query":"red sea","positive":["red sea"],"negative":["red sea"]}"#,
            ]))
        #expect(found?.evidence == [.scores([1, 1 / 3.0, 0.5])])
        #expect(found?.metric == .meanAveragePrecision)
    }

    @Test("Documents are found by their words")
    func retrieval() async throws {
        let found = try await result(
            of: task([
                #"{"kind":"doc","id":"a","text":"red sea"}"#, #"{"kind":"doc","id":"b","text":"green field"}"#,
                #"{"kind":"doc","id":"c","text":"blue sky"}"#, #"{"kind":"query","id":"q","text":"sea"}"#,
                #"{"kind":"query","id":"r","text":"blue"}"#, #"{"kind":"qrel","qid":"q","did":"a","rel":1}"#,
                #"{"kind":"qrel","qid":"r","did":"c","rel":2}"#, #"{"kind":"qrel","qid":"r","did":"b","rel":0}"#,
            ]))
        #expect(found?.evidence == [.scores([1, 1])])
        #expect(found?.estimate == Estimate(value: 1, low: 1, high: 1))
    }

    @Test("Labels that go with words are learned; one that was not trained on is never right")
    func classification() async throws {
        let rows = (0..<12).flatMap { number in
            [
                #"{"text":"red \#(number)","label":"warm","split":"train"}"#,
                #"{"text":"blue \#(number)","label":"cold","split":"train"}"#,
            ]
        }
        let test = [
            #"{"text":"red 77","label":"warm","split":"test"}"#, #"{"text":"blue 78","label":"cold","split":"test"}"#,
            #"{"text":"red 79","label":"unknown","split":"test"}"#,
        ]
        #expect(try await result(of: task(rows + test))?.evidence == [.scores([1, 1, 0])])
    }

    @Test("Texts of one word each are clustered by it")
    func clustering() async throws {
        let rows = ["red", "blue", "green"].flatMap { word in
            (0..<6).map { #"{"text":"\#(word) \#(word) \#(word) \#($0 % 2)","label":"\#(word)"}"# }
        }
        let found = try #require(try await result(of: task(rows)))
        #expect(found.estimate.value == 1)
        #expect(found.metric == .vMeasure)
    }

    @Test("A summary finds its document; two that say the same are both wrong")
    func summaries() async throws {
        let found = try await result(
            of: task([
                #"{"doc":"the red sea is wide","summary":"red sea"}"#,
                #"{"doc":"a blue sky","summary":"blue sky"}"#,
                #"{"doc":"green grass grows","summary":"the red sea is wide"}"#,
            ]))
        #expect(found?.evidence == [.scores([1, 1, 0])])
        #expect(found?.metric == .accuracyAtOne)
    }

    @Test("With people's scores, summaries are compared within their document, or else with each other")
    func scoredSummaries() async throws {
        let within = try await result(
            of: task([
                #"{"doc":"red sea","summary":"red sea","score":5}"#, #"{"doc":"red sea","summary":"red","score":3}"#,
                #"{"doc":"red sea","summary":"green","score":1}"#, #"{"doc":"blue sky","summary":"blue","score":1}"#,
                #"{"doc":"blue sky","summary":"green","score":4}"#, #"{"doc":"alone","summary":"green","score":9}"#,
            ]))
        #expect(within?.evidence == [.scores([1, -1])])
        #expect(within?.metric == .spearman)
        let between = try await result(
            of: task([
                #"{"doc":"red sea","summary":"red sea","score":5}"#, #"{"doc":"blue sky","summary":"blue","score":3}"#,
                #"{"doc":"green grass","summary":"red","score":1}"#,
            ]))
        #expect(between?.estimate.value == 1)
    }

    @Test(
        "A rationale is faithful where it finds its text among all; one that says nothing, or the same for all, is not")
    func faithfulness() async throws {
        let embedder = FakeEmbedder(rationales: ["blue sky": " ", "green grass": "a red sea"])
        let rows = ["red sea", "blue sky", "green grass", "grey road", "red sea"].map { #"{"text":"\#($0)"}"# }
        let found = try await result(of: task(rows), embedder, mode: greedy)
        #expect(found?.evidence == [.scores([1, 0, 0, 1])])
        // Rationales are read without a rationale of their own.
        let calls = embedder.calls.withState { $0 }
        #expect(calls.contains { $0.text == "a red sea" && $0.settings == .withoutRationale })
        #expect(!calls.contains { $0.text == " " })
    }

    @Test("Without rationales there is nothing to be faithful")
    func faithfulnessWithout() async throws {
        #expect(try await result(of: task([#"{"text":"a"}"#, #"{"text":"b"}"#])) == nil)
    }

    @Test("Each distinct text is embedded once in each run, cut as it is asked for")
    func distinct() async throws {
        let embedder = FakeEmbedder()
        let lines = [
            #"{"s1":"red sea one","s2":"red sea two","score":1}"#, #"{"s1":"red sea one","s2":"blue","score":2}"#,
        ]
        let sampled = RationaleMode(.sampled, maxRationaleTokens: 4, temperature: 0.5, seedCount: 2)
        let evaluator = try Evaluator(
            run: EmbeddingRun(embedder: embedder), tasks: [task(lines)],
            modes: [RationaleMode(.none, maxRationaleTokens: 4, temperature: 1, seedCount: 3), sampled],
            settings: EvaluationSettings(maxWords: 2, bootstrap: Bootstrap(resamples: 10, seed: 0)))
        let results = try await evaluator.evaluate()
        let calls = embedder.calls.withState { $0 }
        #expect(calls.count == 3 * 2)
        #expect(Set(calls.map(\.text)) == ["red sea", "blue"])
        #expect(calls.count { $0.settings == .withoutRationale } == 2)
        // Seeds differ from text to text, and from run to run.
        #expect(Set(calls.filter { $0.settings.temperature == 0.5 }.map(\.settings.seed)).count == 4)
        #expect(results.modes.map(\.kind) == [.none, .sampled])
        #expect(results.tasks.map(\.evidence.count) == [1, 2])
        #expect(results.rationales.map(\.runs.count) == [1, 2])
    }

    @Test("The mean over seeds counts, and their deviation is told")
    func seeds() async throws {
        let lines = [("red", 3), ("red blue", 2), ("green", 1), ("green red", 0)].map {
            #"{"s1":"red","s2":"\#($0)","score":\#($1)}"#
        }
        let mode = RationaleMode(.sampled, maxRationaleTokens: 4, temperature: 1, seedCount: 6)
        let found = try #require(try await result(of: task(lines), FakeEmbedder(noise: 3), mode: mode))
        let scores = found.runScores
        #expect(scores.count == 6 && Set(scores).count > 1)
        #expect(abs(found.estimate.value - scores.reduce(0, +) / 6) < 1e-12)
        let deviation = try #require(found.runDeviation)
        #expect(deviation > 0)
        #expect(found.estimate.low <= found.estimate.value && found.estimate.value <= found.estimate.high)
    }

    @Test("A text that fails ends the evaluation; so do vectors that are none")
    func failures() async throws {
        let lines = [#"{"s1":"a","s2":"fail","score":1}"#, #"{"s1":"a","s2":"b","score":2}"#]
        await #expect(throws: EvaluationError.notFinite(what: "fail")) { try await result(of: task(lines)) }
        let others = [#"{"s1":"a","s2":"b","score":1}"#, #"{"s1":"a","s2":"c","score":2}"#]
        for (vector, error) in [
            ([.nan, 1], EvaluationError.unusableVector(text: "c")),
            ([1, 2], .vectorLength(text: "c", found: 2, expected: 64)),
        ] as [([Float], EvaluationError)] {
            await #expect(throws: error) { try await result(of: task(others), FakeEmbedder(vectors: ["c": vector])) }
        }
    }

    @Test("Two tasks of one name are refused")
    func names() throws {
        let lines = [#"{"text":"a"}"#, #"{"text":"b"}"#]
        #expect(throws: EvaluationError.self) {
            try Evaluator(
                run: EmbeddingRun(embedder: FakeEmbedder()), tasks: [task(lines), task(lines)], modes: [greedy],
                settings: EvaluationSettings(maxWords: 0, bootstrap: Bootstrap(resamples: 1, seed: 0)))
        }
    }

    @Test("What was kept is not embedded again; a damaged line is")
    func cache() async throws {
        let directory = try TemporaryDirectory()
        let texts = ["red sea", "blue sky", "green"]
        func calls(
            _ identity: EmbedderIdentity? = nil, stopWhenStable: Double? = nil
        ) async throws -> (count: Int, vectors: [[Double]]) {
            let mode = RationaleMode(
                .greedy, maxRationaleTokens: 8, temperature: 1, seedCount: 5, stopWhenStable: stopWhenStable)
            var embedder = FakeEmbedder()
            if let identity { embedder.identity = identity }
            let cache = try VectorCache(FilePath("\(directory.path)/cache"), of: embedder.identity)
            let found = try await EmbeddingRun(embedder: embedder, cache: cache).embed(texts + texts, label: "test") {
                mode.settings(for: $0, run: 0)
            }
            #expect(found.rationale("green") == "about green")
            return (embedder.calls.withState { $0.count }, texts.map { found.vectors.row(found.row($0)) })
        }
        let first = try await calls()
        #expect(first.count == 3)
        let second = try await calls()
        #expect(second.count == 0)
        #expect(second.vectors == first.vectors)
        #expect(try await calls(EmbedderIdentity(name: "fake", fingerprint: "other", compute: "none")).count == 3)
        #expect(try await calls(stopWhenStable: 0.1).count == 3)
        for name in try FileManager.default.contentsOfDirectory(atPath: "\(directory.path)/cache") {
            let path = "\(directory.path)/cache/\(name)"
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
            try directory.write(Array(bytes.dropLast(20)), to: "cache/\(name)")
        }
        let third = try await calls()
        #expect(third.count == 1)
        #expect(third.vectors == first.vectors)
    }

    @Test("Progress tells how far a run is and how long it takes")
    func progress() {
        let half = EmbeddingProgress(label: "greedy", done: 128, total: 512, elapsed: .seconds(20))
        #expect("\(half)" == "greedy: 128 of 512 texts, 6.4/s, 1:00 left")
        let start = EmbeddingProgress(label: "none", done: 0, total: 3, elapsed: .zero)
        #expect("\(start)" == "none: 0 of 3 texts, 0.0/s, 0:00 left")
    }
}
