import Evaluation
import RandomNumbers
import TestSupport
import Testing

@Suite("Intervals and comparisons")
struct BootstrapTests {
    private let bootstrap = Bootstrap(resamples: 2000, seed: 5)
    private let none = RationaleMode(.none, maxRationaleTokens: 0, temperature: 0, seedCount: 1)

    private func result(
        _ scores: [Double], name: String = "task", revision: String = "r", kind: TaskKind = .retrieval,
        metric: Metric = .normalizedGain
    ) -> TaskResult {
        let evidence = [Evidence.scores(scores)]
        return TaskResult(
            name: name, revision: revision, kind: kind, metric: metric, mode: none, evidence: evidence,
            estimate: bootstrap.estimate(of: evidence, name: name), evaluationTime: 0)
    }

    @Test("Equal seeds draw equal units, others do not, nor do tasks of another name")
    func determinism() {
        let evidence = [Evidence.scores((0..<20).map { Double($0 * $0 % 7) })]
        let first = bootstrap.scores(of: evidence, name: "a")
        #expect(first.count == 2000)
        #expect(first == Bootstrap(resamples: 2000, seed: 5).scores(of: evidence, name: "a"))
        #expect(first != bootstrap.scores(of: evidence, name: "b"))
        #expect(first != Bootstrap(resamples: 2000, seed: 6).scores(of: evidence, name: "a"))
    }

    @Test("The interval of a mean is that of its standard error")
    func standardError() {
        var random = SplitMix64(seed: 9)
        let scores = (0..<400).map { _ in random.uniform() }
        let found = bootstrap.estimate(of: [.scores(scores)], name: "uniform")
        // The standard deviation of a uniform number is 1/√12.
        let half = 1.96 / 12.0.squareRoot() / 20
        #expect(abs(found.high - found.value - half) < 0.15 * half)
        #expect(abs(found.value - found.low - half) < 0.15 * half)
    }

    @Test("Units without any spread have an interval without any width")
    func constant() {
        #expect(
            bootstrap.estimate(of: [.scores([0.5, 0.5, 0.5])], name: "a") == Estimate(value: 0.5, low: 0.5, high: 0.5))
        #expect(bootstrap.estimate(of: [], name: "a") == Estimate(value: 0, low: 0, high: 0))
    }

    @Test("Every kind of evidence can be drawn again, and has a score whatever is drawn")
    func kinds() {
        for evidence in [
            Evidence.correlation(predicted: [1, 2, 3], expected: [3, 1, 2]),
            .decisions(cosines: [0.1, 0.2, 0.3], labels: [true, false, false]),
            .clusters(labels: [0, 1, 1], clusters: [2, 2, 0]), .scores([0, 1, 0.5]),
        ] {
            let scores = bootstrap.scores(of: [evidence], name: "a")
            #expect(scores.allSatisfy { (-1...1).contains($0) })
            #expect(Set(scores).count > 2)
            #expect(evidence.score(of: [2, 0, 1]).isApproximately(evidence.score))
        }
    }

    @Test("Percentiles lie between the values", arguments: [(0.0, 1.0), (0.5, 2.5), (1, 4), (0.25, 1.75)])
    func percentiles(share: Double, expected: Double) {
        #expect(percentile(share, of: [1, 2, 3, 4]) == expected)
        #expect(percentile(share, of: []) == 0)
    }

    @Test("Numbers that are drawn lie in their range, all of it")
    func random() {
        var random = SplitMix64(seed: 1)
        let indices = (0..<1000).map { _ in random.index(below: 7) }
        #expect(Set(indices) == Set(0..<7))
        #expect((0..<1000).allSatisfy { _ in (0..<1).contains(random.uniform()) })
    }

    @Test("What is better for every unit is better in every resample, however much units differ")
    func pairing() throws {
        let scores = (0..<30).map { Double($0) / 40 }
        let comparison = try Comparison(
            [result(scores)], [result(scores.map { $0 + 0.01 })], bootstrap: bootstrap, names: ("a", "b"))
        let difference = try #require(comparison.average)
        #expect(difference == comparison.tasks[0].difference)
        #expect(difference.probability == 1)
        #expect(abs(difference.difference.value - 0.01) < 1e-9)
        #expect(difference.difference.high - difference.difference.low < 1e-9)
        let back = try Comparison(
            [result(scores.map { $0 + 0.01 })], [result(scores)], bootstrap: bootstrap, names: ("a", "b"))
        #expect(back.average?.probability == 0)
        let same = try Comparison([result(scores)], [result(scores)], bootstrap: bootstrap, names: ("a", "b"))
        #expect(same.average?.probability == 0.5)
    }

    @Test("The mean over tasks weighs them alike, and leaves faithfulness out")
    func average() throws {
        let first = [
            result([0, 0, 0, 0], name: "a"), result([1, 1], name: "b"), result([1], name: "only here"),
            result([0, 0], name: "f", kind: .faithfulness),
        ]
        let second = [
            result([1, 1], name: "f", kind: .faithfulness), result([1, 1], name: "b"),
            result([0.5, 0.5, 0.5, 0.5], name: "a"),
        ]
        let comparison = try Comparison(first, second, bootstrap: bootstrap, names: ("a", "b"))
        #expect(comparison.tasks.map(\.name) == ["a", "b", "f"])
        #expect(comparison.average?.first == 0.5)
        #expect(comparison.average?.second == 0.75)
    }

    @Test("Modes are compared as they are named, or the only ones of each, or those that both have")
    func modes() throws {
        func results(_ kinds: [RationaleMode.Kind], maxWords: Int = 0) -> EvaluationResults {
            var results = EvaluationResults(
                model: FakeEmbedder().identity,
                settings: EvaluationSettings(maxWords: maxWords, bootstrap: bootstrap))
            results.tasks = kinds.map { kind in
                TaskResult(
                    name: "task", revision: "r", kind: .retrieval, metric: .normalizedGain,
                    mode: RationaleMode(kind, maxRationaleTokens: 4, temperature: 1, seedCount: 1),
                    evidence: [.scores([0, 1])], estimate: Estimate(value: 0.5, low: 0, high: 1), evaluationTime: 0)
            }
            return results
        }
        func chosen(
            _ first: [RationaleMode.Kind], _ second: [RationaleMode.Kind],
            _ named: (RationaleMode.Kind?, RationaleMode.Kind?) = (nil, nil)
        ) throws -> [[RationaleMode.Kind]] {
            try ComparedModes.pairs(results(first), results(second), names: ("a", "b"), modes: named).map {
                [$0.first[0].mode.kind, $0.second[0].mode.kind]
            }
        }
        #expect(try chosen([.none], [.greedy]) == [[.none, .greedy]])
        #expect(try chosen([.none, .greedy], [.greedy, .none]) == [[.none, .none], [.greedy, .greedy]])
        #expect(try chosen([.none, .greedy], [.greedy]) == [[.greedy, .greedy]])
        #expect(
            try chosen([.none, .greedy], [.none, .greedy], (RationaleMode.Kind.none, .greedy)) == [[.none, .greedy]])
        #expect(throws: EvaluationError.nothingInCommon(first: "a", second: "b")) {
            try chosen([.none, .greedy], [.sampled])
        }
        #expect(throws: EvaluationError.self) {
            try ComparedModes.pairs(results([.none]), results([.none], maxWords: 5), names: ("a", "b"))
        }
        let tables = try ComparedModes.tables(
            of: ComparedModes.pairs(results([.none]), results([.greedy]), names: ("a", "b")), bootstrap: bootstrap)
        #expect(tables.count == 1)
        #expect(
            tables[0].hasPrefix(
                "A: fake@ffffffffffff, none, none (a)\n\nB: fake@ffffffffffff, none, greedy, 4 tokens (b)"))
    }

    @Test("Results of other rows, of another metric, and of nothing in common are refused")
    func incomparable() {
        let one = result([1, 2])
        for (other, what) in [
            (result([1, 2], revision: "s"), "the rows"), (result([1, 2], metric: .accuracy), "the metric"),
            (result([1, 2, 3]), "the number of units"),
        ] {
            let error = #expect(throws: EvaluationError.self) {
                try Comparison([one], [other], bootstrap: bootstrap, names: ("a", "b"))
            }
            #expect(error?.description.contains(what) == true)
        }
        #expect(throws: EvaluationError.nothingInCommon(first: "a", second: "b")) {
            try Comparison([one], [result([1, 2], name: "other")], bootstrap: bootstrap, names: ("a", "b"))
        }
    }
}

extension Double {
    fileprivate func isApproximately(_ other: Double) -> Bool { abs(self - other) < 1e-12 }
}
