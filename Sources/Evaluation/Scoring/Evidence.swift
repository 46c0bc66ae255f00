/// What a score is computed from, unit by unit: pairs, queries, documents or texts. Units can be drawn again, for
/// intervals and comparisons.
package enum Evidence: Sendable, Equatable {
    /// A score for each unit; their mean counts.
    case scores([Double])
    /// Two values for each unit, whose rank correlation counts.
    case correlation(predicted: [Double], expected: [Double])
    /// A cosine and a label for each pair; the average precision counts.
    case decisions(cosines: [Double], labels: [Bool])
    /// A label and a cluster for each text; the v-measure counts.
    case clusters(labels: [Int], clusters: [Int])

    /// Units.
    package var count: Int {
        switch self {
        case .scores(let scores): scores.count
        case .correlation(let predicted, _): predicted.count
        case .decisions(let cosines, _): cosines.count
        case .clusters(let labels, _): labels.count
        }
    }

    /// The score of all units.
    package var score: Double { score(of: Array(0..<count)) }

    /// The score of some units, each as often as it is named: a fraction; -1 to 1 of a correlation, which is 0 where
    /// nothing varies.
    package func score(of units: [Int]) -> Double {
        guard !units.isEmpty else { return 0 }
        switch self {
        case .scores(let scores): return units.reduce(0) { $0 + scores[$1] } / Double(units.count)
        case .correlation(let predicted, let expected):
            return spearmanCorrelation(units.map { predicted[$0] }, units.map { expected[$0] }) ?? 0
        case .decisions(let cosines, let labels):
            return averagePrecision(scores: units.map { cosines[$0] }, labels: units.map { labels[$0] })
        case .clusters(let labels, let clusters):
            return VMeasure(labels: units.map { labels[$0] }, clusters: units.map { clusters[$0] }).score
        }
    }
}
