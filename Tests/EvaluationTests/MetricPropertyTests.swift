import Evaluation
import TestSupport
import Testing

@Suite("Properties of metrics")
struct MetricPropertyTests {
    private func numbers(_ count: Int, _ generator: inout SeededGenerator, levels: Int = 1000) -> [Double] {
        (0..<count).map { _ in Double(Int.random(in: -levels...levels, using: &generator)) }
    }

    @Test("The order of units does not matter", arguments: 1...20 as ClosedRange<UInt64>)
    func permutations(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = Int.random(in: 5...60, using: &generator)
        // Few levels: many ties.
        let (first, second) = (numbers(count, &generator, levels: 5), numbers(count, &generator, levels: 5))
        let labels = second.map { $0 > 0 }
        let (classes, clusters) = (first.map { Int($0) }, second.map { Int($0) })
        let order = Array(0..<count).shuffled(using: &generator)
        func shuffled<Value>(_ values: [Value]) -> [Value] { order.map { values[$0] } }
        let spearman = (spearmanCorrelation(first, second), spearmanCorrelation(shuffled(first), shuffled(second)))
        #expect(abs((spearman.0 ?? 0) - (spearman.1 ?? 0)) < 1e-12)
        #expect(
            averagePrecision(scores: first, labels: labels)
                == averagePrecision(scores: shuffled(first), labels: shuffled(labels)))
        #expect(
            rankedAveragePrecision(scores: first, isRelevant: labels)
                == rankedAveragePrecision(scores: shuffled(first), isRelevant: shuffled(labels)))
        let gains = second.map { max(0, $0) }
        #expect(
            normalizedGain(scores: first, relevances: gains, depth: 10)
                == normalizedGain(scores: shuffled(first), relevances: shuffled(gains), depth: 10))
        let measure = VMeasure(labels: classes, clusters: clusters)
        let renamed = VMeasure(labels: shuffled(classes).map { -$0 }, clusters: shuffled(clusters).map { 7 * $0 })
        #expect(abs(measure.score - renamed.score) < 1e-12)
        let swapped = VMeasure(labels: clusters, clusters: classes)
        #expect(abs(measure.homogeneity - swapped.completeness) < 1e-12)
    }

    @Test("Only the order of values matters to Spearman's correlation", arguments: 1...10 as ClosedRange<UInt64>)
    func monotone(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let (first, second) = (numbers(30, &generator), numbers(30, &generator))
        let found = try #require(spearmanCorrelation(first, second))
        #expect(spearmanCorrelation(first.map { $0 * $0 * $0 + 5 }, second) == found)
        #expect(abs((spearmanCorrelation(first.map { -$0 }, second) ?? 0) + found) < 1e-12)
        #expect(spearmanCorrelation(first, first) == 1)
    }

    @Test("The best order is worth 1, the worst what is left of it, and ties count against us")
    func extremes() {
        #expect(rankedAveragePrecision(scores: [3, 2, 1], isRelevant: [true, true, false]) == 1)
        #expect(rankedAveragePrecision(scores: [1, 2, 3, 4], isRelevant: [true, false, false, false]) == 0.25)
        #expect(rankedAveragePrecision(scores: [0, 0, 0, 0], isRelevant: [true, false, false, false]) == 0.25)
        #expect(rankedAveragePrecision(scores: [1, 2], isRelevant: [false, false]) == 0)
        #expect(normalizedGain(scores: [3, 2, 1], relevances: [2, 1, 0], depth: 10) == 1)
        #expect(normalizedGain(scores: [1, 1], relevances: [1, 0], depth: 1) == 0)
        #expect(normalizedGain(scores: [2, 1], relevances: [0, 0], depth: 10) == 0)
        #expect(
            normalizedGain(
                scores: Array(stride(from: 1.0, to: 12, by: 1)), relevances: [1] + Array(repeating: 0, count: 10),
                depth: 10) == 0)
        #expect(averagePrecision(scores: [2, 1], labels: [true, false]) == 1)
        #expect(averagePrecision(scores: [1, 1, 1, 1], labels: [true, false, false, false]) == 0.25)
        #expect(averagePrecision(scores: [1], labels: [false]) == 0)
        #expect(isFirst(1, among: [0, 2, 1]))
        #expect(!isFirst(1, among: [2, 2, 1]))
        #expect(isFirst(0, among: [0]))
        #expect(VMeasure(labels: [0, 0, 1, 1], clusters: [5, 5, 3, 3]).score == 1)
        #expect(VMeasure(labels: [0, 0, 1, 1], clusters: [0, 1, 0, 1]).score < 1e-12)
    }

    @Test("What does not vary has no correlation")
    func constants() {
        #expect(spearmanCorrelation([1, 1, 1], [1, 2, 3]) == nil)
        #expect(spearmanCorrelation([], []) == nil)
        #expect(averageRanks([]).isEmpty)
        #expect(averageRanks([7, 7, 1]) == [2.5, 2.5, 1])
    }

    @Test("k-means++ finds groups that lie far apart, whatever the seed", arguments: 1...10 as ClosedRange<UInt64>)
    func groups(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let labels = (0..<60).map { _ in Int.random(in: 0..<4, using: &generator) } + [0, 1, 2, 3]
        let points = labels.map { label in
            [Double(label % 2) * 100, Double(label / 2) * 100].map { $0 + Double.random(in: -1...1, using: &generator) }
        }
        let found = KMeans(VectorTable(points), clusterCount: 4, restarts: 3, seed: seed)
        #expect(VMeasure(labels: labels, clusters: found.labels).score == 1)
        #expect(found == KMeans(VectorTable(points), clusterCount: 4, restarts: 3, seed: seed))
    }

    @Test("k-means takes points that are all the same, and as many clusters as points")
    func degenerate() {
        let same = VectorTable(Array(repeating: [1.0, 2], count: 5))
        #expect(KMeans(same, clusterCount: 3, restarts: 2, seed: 1).inertia == 0)
        let few = VectorTable([[0.0], [1], [5]])
        #expect(Set(KMeans(few, clusterCount: 3, restarts: 2, seed: 1).labels).count == 3)
    }

    @Test("A regression on classes that a line parts gets all of them right")
    func separable() {
        let points = (0..<40).map { [Double($0), Double(($0 * 7) % 5)] }
        for classCount in [2, 4] {
            let classes = (0..<40).map { $0 * classCount / 40 }
            let table = VectorTable(points)
            let regression = LogisticRegression(table, classes: classes, classCount: classCount, inversePenalty: 1e6)
            #expect(regression.predictions(of: table) == classes)
            for row in regression.probabilities(of: table) { #expect(abs(row.reduce(0, +) - 1) < 1e-12) }
        }
    }

    @Test("A table keeps its rows, whatever their length", arguments: [1, 7, 8, 9, 16, 33])
    func tables(columns: Int) {
        var generator = SeededGenerator(seed: UInt64(columns))
        let rows = (0..<5).map { _ in numbers(columns, &generator) }
        let table = VectorTable(rows)
        for (index, row) in rows.enumerated() {
            #expect(table.row(index) == row)
            #expect(table.rows([index, 0]).row(1) == rows[0])
            let product = zip(row, rows[0]).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(table.dot(index, table, 0) == product)
            let distance = zip(row, rows[0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            #expect(table.squaredDistance(index, table, 0) == distance)
        }
    }
}
