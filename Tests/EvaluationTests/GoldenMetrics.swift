import Foundation

/// What scikit-learn and SciPy computed: `make_evaluation.py`.
struct GoldenMetrics: Decodable, Sendable {
    struct Correlation: Decodable, Sendable {
        let first, second, ranks: [Double]
        let spearman: Double
    }

    struct AveragePrecision: Decodable, Sendable {
        let scores: [Double]
        let labels: [Int]
        let value: Double
    }

    struct Ranked: Decodable, Sendable {
        let scores, relevances: [Double]
        let averagePrecision, ndcgAt10: Double
    }

    struct Clusters: Decodable, Sendable {
        let labels, clusters: [Int]
        let homogeneity, completeness, v: Double
    }

    struct Clustering: Decodable, Sendable {
        let points, starts: [[Double]]
        let labels: [Int]
        let centers: [[Double]]
        let inertia: Double
    }

    struct Regression: Decodable, Sendable {
        let train: [[Double]]
        let labels: [Int]
        let classes: Int
        let test, coefficients: [[Double]]
        let intercepts: [Double]
        let probabilities: [[Double]]
        let predictions: [Int]
    }

    let correlations: [Correlation]
    let averagePrecisions: [AveragePrecision]
    let ranked: [Ranked]
    let vMeasures: [Clusters]
    let clusterings: [Clustering]
    let regressions: [Regression]

    static func load() throws -> GoldenMetrics { try evaluationGolden("metrics.json") }
}

/// A golden of `Fixtures/evaluation`.
func evaluationGolden<Value: Decodable>(_ name: String) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/evaluation/\(name)")
    return try decoder.decode(Value.self, from: Data(contentsOf: url))
}

func largestDifference(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { abs($0 - $1) }.max() ?? 0
}
