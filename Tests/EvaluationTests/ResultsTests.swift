import Evaluation
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@Suite("Results")
struct ResultsTests {
    /// Every kind of evidence, and all that can be measured.
    private func everything() -> EvaluationResults {
        let bootstrap = Bootstrap(resamples: 20, seed: UInt64.max)
        let modes = [
            RationaleMode(.none, maxRationaleTokens: 0, temperature: 0, seedCount: 1),
            RationaleMode(.sampled, maxRationaleTokens: 16, temperature: 0.7, seedCount: 2, stopWhenStable: 0.01),
        ]
        let evidence: [(TaskKind, Metric, Evidence)] = [
            (.similarity, .spearman, .correlation(predicted: [0.1, -0.2, 1e-9], expected: [5, 0, 2.5])),
            (.pairClassification, .averagePrecision, .decisions(cosines: [0.25, 0.5], labels: [true, false])),
            (.clustering, .vMeasure, .clusters(labels: [0, 1, 1], clusters: [2, 2, 0])),
            (.faithfulness, .accuracyAtOne, .scores([1, 0, 1 / 3.0])),
        ]
        var results = EvaluationResults(
            model: EmbedderIdentity(name: "a \"model\"", fingerprint: "0123456789abcdef", compute: "int4/portable"),
            settings: EvaluationSettings(maxWords: 120, bootstrap: bootstrap))
        for mode in modes {
            for (kind, metric, evidence) in evidence {
                let runs = mode.runs.map { _ in evidence }
                results.tasks.append(
                    TaskResult(
                        name: "the \(kind.rawValue)", revision: "r", kind: kind, metric: metric, mode: mode,
                        evidence: runs, estimate: bootstrap.estimate(of: runs, name: kind.rawValue),
                        evaluationTime: 1.5))
            }
            let statistics = RationaleStatistics([
                EmbeddedText(vector: [1], rationale: "x", rationaleTokens: 3, isCutOff: true, isTruncated: true),
                EmbeddedText(vector: [1]),
            ])
            results.rationales.append(ModeStatistics(mode: mode, runs: mode.runs.map { _ in statistics }))
        }
        results.perplexity = PerplexityResult(
            file: "plain.txt", tokens: 100, window: 64, meanLoss: 2.5, bitsPerByte: 0.9)
        results.divergence = DivergenceResult(
            base: "base@0123", file: "asked.txt", instructions: 3, tokens: 40, fromBase: 0.125, toBase: 0.25,
            agreement: 0.975)
        return results
    }

    @Test("Results that are written are read as they were")
    func roundTrip() throws {
        let directory = try TemporaryDirectory()
        let results = everything()
        let path = FilePath("\(directory.path)/results.json")
        try directory.write(results.json, to: "results.json")
        #expect(try EvaluationResults(contentsOf: path) == results)
        #expect(try EvaluationResults(contentsOf: path).json == results.json)
    }

    @Test("A task's results have the members of MTEB's")
    func shape() throws {
        guard case .object(let root) = try JSONValue(parsing: everything().json),
            case .array(let tasks)? = root["results"], case .object(let task)? = tasks.first,
            case .object(let scores)? = task["scores"], case .array(let splits)? = scores["test"],
            case .object(let subset)? = splits.first
        else {
            Issue.record("another shape")
            return
        }
        #expect(
            Set(task.keys).isSuperset(of: [
                "task_name", "dataset_revision", "mteb_version", "scores", "evaluation_time", "kg_co2_emissions",
            ]))
        #expect(task["task_name"] == .string("the sts"))
        #expect(task["mteb_version"] == .null)
        #expect(splits.count == 1)
        #expect(subset["hf_subset"] == .string("default"))
        #expect(subset["main_score"] == subset["cosine_spearman"])
        #expect(subset["main_score"] == .number(1))
        #expect(subset["languages"] == .array([.string("und-Zyyy")]))
    }

    @Test(
        "What is no file of results is refused with its place",
        arguments: [
            (#"{"format":"grace-evaluation","version":1"#, #"{"format":"grace-evaluation","version":2"#, "version"),
            (#""bootstrap_seed":"18446744073709551615""#, #""bootstrap_seed":"-1""#, "bootstrap_seed"),
            (#""bootstrap_resamples":20"#, #""bootstrap_resamples":0"#, "bootstrap_resamples"),
            (#""kind":"sts""#, #""kind":"other""#, "kind"), (#""seeds":2"#, #""seeds":0"#, "seeds"),
            (#""expected":[5.0,0.0,2.5]"#, #""expected":[5.0]"#, "units"),
            (#""confidence_interval":["#, #""confidence_interval":[1,"#, "confidence_interval"),
            (#""matches":[1,0]"#, #""matches":[1,0.5]"#, "matches"), (#""units":["#, #""units":["x","#, "units"),
            (#""scores":[1.0,0.0"#, #""scores":["1.0",0.0"#, "scores"), (#""window":64,"#, "", "window"),
        ])
    func refused(part: String, changed: String, place: String) throws {
        let text = String(decoding: everything().json, as: UTF8.self)
        #expect(text.contains(part))
        let error = #expect(throws: EvaluationError.self) {
            try EvaluationResults(
                parsing: Array(text.replacing(part, with: changed, maxReplacements: 1).utf8), file: "r.json")
        }
        #expect(error?.description.hasPrefix("r.json") == true)
        #expect(error?.description.contains(place) == true || place == "version")
    }

    @Test("The table has a line for each task and a column for each mode, out of 100")
    func table() {
        let lines = everything().table.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == #"a "model"@0123456789ab, int4/portable"#)
        #expect(
            lines[2] == "Out of 100; texts cut to 120 words; in brackets 95% of 20 resamples of each task's units; "
                + "± the deviation of seeds.")
        func cells(_ line: Substring) -> [String] {
            line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        #expect(
            lines[4..<11].map(cells) == [
                ["task", "kind", "metric", "none", "sampled, 16 tokens, T 0.7, 2 seeds, stable below 0.01"],
                cells(lines[5]),
                ["the sts", "STS", "Spearman", "100.00 [0.00, 100.00]", "100.00 [0.00, 100.00] ±0.00"],
                ["the pairs", "PairClassification", "AP", "50.00 [0.00, 100.00]", "50.00 [0.00, 100.00] ±0.00"],
                ["the clustering", "Clustering", "v-measure", "27.40 [0.00, 100.00]", "27.40 [0.00, 100.00] ±0.00"],
                [
                    "the faithfulness", "RationaleFaithfulness", "accuracy@1", "44.44 [0.00, 77.78]",
                    "44.44 [0.00, 77.78] ±0.00",
                ],
                ["mean over tasks", "", "", "59.13 [29.38, 88.51]", "59.13 [29.38, 88.51]"],
            ])
        #expect(lines[5].hasPrefix("|------------------|") && lines[5].hasSuffix("-:|"))
        #expect(Set(lines[4..<11].map(\.count)).count == 1)
        #expect(cells(lines[14]) == [cells(lines[4])[4], "2", "1", "1.5", "50.0%"])
        #expect(
            lines[16] == "Perplexity of plain.txt: 12.182 over 100 tokens in windows of 64 (0.9000 bits a byte).")
        #expect(
            lines[18] == "On 40 tokens of base@0123's greedy answers to 3 instructions of asked.txt: "
                + "KL(checkpoint ‖ base) 0.12500, KL(base ‖ checkpoint) 0.25000 nats a token; "
                + "the same token is likeliest for 97.50%.")
        #expect(lines.count == 19)
    }

    @Test("A comparison's table says what A and B are")
    func comparisonTable() throws {
        let results = everything()
        let comparison = try Comparison(
            results.tasks(of: results.modes[0]), results.tasks(of: results.modes[1]),
            bootstrap: results.settings.bootstrap, names: ("one", "two"))
        let lines = comparison.table(names: ("one", "two"), resamples: 20).split(separator: "\n")
        #expect(lines.prefix(2) == ["A: one", "B: two"])
        #expect(lines.contains { $0.hasPrefix("| the sts ") && $0.contains("| +0.00 |") && $0.hasSuffix("0.500 |") })
        #expect(lines.last?.hasPrefix("| mean over tasks ") == true)
    }
}
