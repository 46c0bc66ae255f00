import RandomNumbers

import func Foundation.log

/// Clusters by Lloyd's algorithm, with scikit-learn's stopping rule and its treatment of empty clusters.
package struct KMeans: Sendable, Equatable {
    /// How long to go on.
    package struct Limits: Sendable, Equatable {
        /// Rounds of assigning and averaging.
        package var iterations = 300
        /// What the centres may still move, squared and summed, as a share of the mean variance of the columns.
        package var tolerance = 1e-4

        /// scikit-learn's defaults.
        package init() {}
    }

    /// The cluster of each row.
    package let labels: [Int]
    /// `[clusters, columns]`
    package let centers: VectorTable
    /// The sum of the squared distances of rows to their centres.
    package let inertia: Double

    /// The best of `restarts` runs from k-means++ starts.
    ///
    /// - Precondition: there are at least as many points as clusters, and at least one of both.
    package init(_ points: VectorTable, clusterCount: Int, restarts: Int, seed: UInt64, limits: Limits = Limits()) {
        precondition(clusterCount > 0 && restarts > 0, "\(clusterCount) clusters, \(restarts) runs")
        var random = SplitMix64(seed: seed)
        var best: KMeans?
        for _ in 0..<restarts {
            let starts = Self.plusPlusStarts(points, count: clusterCount, random: &random)
            let run = KMeans(points, startingAt: points.rows(starts), limits: limits)
            if run.inertia < best?.inertia ?? .infinity { best = run }
        }
        // No run has an inertia below infinity where coordinates overflow.
        self = best ?? KMeans(points, startingAt: points.rows(Array(0..<clusterCount)), limits: limits)
    }

    /// One run from given centres, `[clusters, columns]`.
    package init(_ points: VectorTable, startingAt starts: VectorTable, limits: Limits = Limits()) {
        precondition(points.rowCount >= starts.rowCount && starts.rowCount > 0, "fewer points than clusters")
        let tolerance = limits.tolerance * Self.meanVariance(points)
        var centers = starts
        var labels: [Int] = []
        var isSettled = false
        for _ in 0..<limits.iterations {
            let next = Self.assign(points, to: centers)
            let moved = Self.averages(points, labels: next, old: centers)
            let shift = (0..<centers.rowCount).reduce(0) { $0 + moved.squaredDistance($1, centers, $1) }
            isSettled = next == labels
            (labels, centers) = (next, moved)
            if isSettled || shift <= tolerance { break }
        }
        // Labels are those of the centres that are told.
        if !isSettled { labels = Self.assign(points, to: centers) }
        self.labels = labels
        self.centers = centers
        inertia = labels.enumerated().reduce(0) { $0 + points.squaredDistance($1.offset, centers, $1.element) }
    }

    /// The nearest centre of each point, the first of several.
    private static func assign(_ points: VectorTable, to centers: VectorTable) -> [Int] {
        (0..<points.rowCount).map { point in
            var (nearest, least) = (0, Double.infinity)
            for center in 0..<centers.rowCount {
                let distance = points.squaredDistance(point, centers, center)
                if distance < least { (nearest, least) = (center, distance) }
            }
            return nearest
        }
    }

    /// The means of the clusters. An empty one gets the point that is farthest from its centre, which leaves its own.
    private static func averages(_ points: VectorTable, labels: [Int], old: VectorTable) -> VectorTable {
        var sums = VectorTable(zeros: old.rowCount, columns: old.columns)
        var counts = [Int](repeating: 0, count: old.rowCount)
        for (point, label) in labels.enumerated() {
            sums.add(1, times: points, row: point, to: label)
            counts[label] += 1
        }
        let empty = counts.indices.filter { counts[$0] == 0 }
        if !empty.isEmpty {
            let distances = labels.enumerated().map { points.squaredDistance($0.offset, old, $0.element) }
            let farthest = distances.indices.sorted { distances[$0] > distances[$1] }
            if distances[farthest[0]] > 0 {
                for (cluster, point) in zip(empty, farthest) {
                    sums.add(-1, times: points, row: point, to: labels[point])
                    sums.setRow(cluster, to: points, row: point)
                    counts[cluster] = 1
                    counts[labels[point]] -= 1
                }
            }
        }
        let largest = counts.indices.max { counts[$0] < counts[$1] } ?? 0
        for cluster in counts.indices where counts[cluster] > 0 {
            sums.scaleRow(cluster, by: 1 / Double(counts[cluster]))
        }
        for cluster in counts.indices where counts[cluster] == 0 {
            sums.setRow(cluster, to: sums, row: largest)
        }
        return sums
    }

    private static func meanVariance(_ points: VectorTable) -> Double {
        var mean = VectorTable(zeros: 1, columns: points.columns)
        for point in 0..<points.rowCount { mean.add(1 / Double(points.rowCount), times: points, row: point, to: 0) }
        let squares = (0..<points.rowCount).reduce(0.0) { $0 + points.squaredDistance($1, mean, 0) }
        return squares / Double(points.rowCount * points.columns)
    }

    /// Starts far from each other (Arthur and Vassilvitskii, 2007): each is drawn in proportion to its squared distance
    /// to the nearest one before it, the best of a few draws.
    private static func plusPlusStarts(_ points: VectorTable, count: Int, random: inout SplitMix64) -> [Int] {
        // scikit-learn's number of draws.
        let trials = 2 + Int(log(Double(count)))
        var starts = [random.index(below: points.rowCount)]
        var distances = (0..<points.rowCount).map { points.squaredDistance($0, points, starts[0]) }
        while starts.count < count {
            var best: (start: Int, distances: [Double], sum: Double)?
            for _ in 0..<trials {
                let candidate = draw(distances, random: &random)
                let nearer = distances.indices.map { min(distances[$0], points.squaredDistance($0, points, candidate)) }
                let sum = nearer.reduce(0, +)
                if best.map({ sum < $0.sum }) ?? true { best = (candidate, nearer, sum) }
            }
            guard let best else { break }
            starts.append(best.start)
            distances = best.distances
        }
        return starts
    }

    /// An index in proportion to its weight; any of them where all weights are 0.
    private static func draw(_ weights: [Double], random: inout SplitMix64) -> Int {
        let total = weights.reduce(0, +)
        guard total > 0 else { return random.index(below: weights.count) }
        var rest = random.uniform() * total
        for (index, weight) in weights.enumerated() where weight > 0 {
            rest -= weight
            if rest < 0 { return index }
        }
        return weights.lastIndex { $0 > 0 } ?? 0
    }
}
