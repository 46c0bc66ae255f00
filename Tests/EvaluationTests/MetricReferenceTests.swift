import Evaluation
import Testing

@Suite("Metrics equal scikit-learn's and SciPy's")
struct MetricReferenceTests {
    @Test("Ranks and Spearman's correlation, with ties and without")
    func correlations() throws {
        let cases = try GoldenMetrics.load().correlations
        #expect(cases.count == 6)
        for expected in cases {
            #expect(averageRanks(expected.first) == expected.ranks)
            let found = try #require(spearmanCorrelation(expected.first, expected.second))
            #expect(abs(found - expected.spearman) <= 1e-6)
        }
    }

    @Test("Average precision, with ties and without")
    func averagePrecisions() throws {
        for expected in try GoldenMetrics.load().averagePrecisions {
            let found = averagePrecision(scores: expected.scores, labels: expected.labels.map { $0 == 1 })
            #expect(abs(found - expected.value) <= 1e-6)
        }
    }

    @Test("Average precision of a ranking, and nDCG@10, where no scores are equal")
    func ranked() throws {
        for expected in try GoldenMetrics.load().ranked {
            let precision = rankedAveragePrecision(
                scores: expected.scores, isRelevant: expected.relevances.map { $0 > 0 })
            #expect(abs(precision - expected.averagePrecision) <= 1e-6)
            let gain = normalizedGain(scores: expected.scores, relevances: expected.relevances, depth: 10)
            #expect(abs(gain - expected.ndcgAt10) <= 1e-6)
        }
    }

    @Test("Homogeneity, completeness and v-measure")
    func vMeasures() throws {
        for expected in try GoldenMetrics.load().vMeasures {
            let found = VMeasure(labels: expected.labels, clusters: expected.clusters)
            #expect(abs(found.homogeneity - expected.homogeneity) <= 1e-6)
            #expect(abs(found.completeness - expected.completeness) <= 1e-6)
            #expect(abs(found.score - expected.v) <= 1e-6)
        }
    }

    @Test("k-means from given starts, empty clusters among them")
    func clusterings() throws {
        let cases = try GoldenMetrics.load().clusterings
        #expect(cases.count == 6)
        for expected in cases {
            let found = KMeans(VectorTable(expected.points), startingAt: VectorTable(expected.starts))
            #expect(found.labels == expected.labels)
            #expect(abs(found.inertia - expected.inertia) <= 1e-6)
            for (index, center) in expected.centers.enumerated() {
                #expect(largestDifference(found.centers.row(index), center) <= 1e-6)
            }
        }
    }

    @Test("Logistic regression: coefficients, probabilities and predictions, of two classes and of more")
    func regressions() throws {
        let cases = try GoldenMetrics.load().regressions
        #expect(Set(cases.map { $0.classes > 2 }).count == 2)
        for expected in cases {
            let found = LogisticRegression(
                VectorTable(expected.train), classes: expected.labels, classCount: expected.classes)
            #expect(
                largestDifference(found.coefficients.flatMap(\.self), expected.coefficients.flatMap(\.self)) <= 1e-4)
            #expect(largestDifference(found.intercepts, expected.intercepts) <= 1e-4)
            let test = VectorTable(expected.test)
            let probabilities = found.probabilities(of: test)
            #expect(largestDifference(probabilities.flatMap(\.self), expected.probabilities.flatMap(\.self)) <= 1e-5)
            #expect(found.predictions(of: test) == expected.predictions)
        }
    }
}
