import func Foundation.log

/// How well clusters agree with labels (Rosenberg and Hirschberg, 2007), with beta = 1.
package struct VMeasure: Sendable, Equatable {
    /// 1 where each cluster holds one label only.
    package let homogeneity: Double
    /// 1 where all of a label is in one cluster.
    package let completeness: Double

    /// Counts which labels are in which clusters.
    ///
    /// - Precondition: there is a cluster for each label.
    package init(labels: [Int], clusters: [Int]) {
        precondition(labels.count == clusters.count, "\(labels.count) labels and \(clusters.count) clusters")
        struct Pair: Hashable {
            let label: Int
            let cluster: Int
        }
        let labelCounts = Dictionary(labels.map { ($0, 1) }, uniquingKeysWith: +)
        let clusterCounts = Dictionary(clusters.map { ($0, 1) }, uniquingKeysWith: +)
        let pairs = Dictionary(zip(labels, clusters).map { (Pair(label: $0, cluster: $1), 1) }, uniquingKeysWith: +)
        let count = Double(labels.count)
        // In a fixed order: sums of a dictionary's values differ in their last bits from one process to another.
        func entropy(_ counts: some Sequence<Int>) -> Double {
            counts.sorted().reduce(0) { $0 - Double($1) / count * log(Double($1) / count) }
        }
        let (labelEntropy, clusterEntropy) = (entropy(labelCounts.values), entropy(clusterCounts.values))
        // Mutual information as the sum of entropies less that of the pairs.
        let information = max(0, labelEntropy + clusterEntropy - entropy(pairs.values))
        homogeneity = labelCounts.count > 1 ? min(1, information / labelEntropy) : 1
        completeness = clusterCounts.count > 1 ? min(1, information / clusterEntropy) : 1
    }

    /// The harmonic mean of both; 0 where both are.
    package var score: Double {
        let sum = homogeneity + completeness
        return sum > 0 ? 2 * homogeneity * completeness / sum : 0
    }
}
