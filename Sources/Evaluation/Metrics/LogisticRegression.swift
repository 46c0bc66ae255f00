import Foundation

/// Logistic regression with an L2 penalty, as scikit-learn's `LogisticRegression` defines it, at its minimum.
///
/// Of two classes there is one row of coefficients, for the second class; of more there is one for each, over which a
/// softmax is taken. The intercepts are not penalised.
package struct LogisticRegression: Sendable {
    /// Classes that can be predicted.
    package let classCount: Int
    /// Coefficients with the intercept as last column, `[1 or classes, columns + 1]`.
    private let weights: VectorTable

    /// Fits to points and their classes.
    ///
    /// - Parameters:
    ///   - points: `[points, columns]`
    ///   - classes: of each point, in `0..<classCount`; there are at least two.
    ///   - inversePenalty: scikit-learn's C: the larger, the closer the fit.
    package init(_ points: VectorTable, classes: [Int], classCount: Int, inversePenalty: Double = 1) {
        precondition(points.rowCount == classes.count && !classes.isEmpty, "a class for each point")
        precondition(classCount > 1 && classes.allSatisfy { (0..<classCount).contains($0) }, "classes out of range")
        self.classCount = classCount
        let loss = LogisticLoss(
            points: Self.extended(points), classes: classes, rowCount: classCount == 2 ? 1 : classCount,
            inversePenalty: inversePenalty)
        var weights = VectorTable(zeros: loss.rowCount, columns: points.columns + 1)
        weights.chunks = Minimizer().minimum(from: weights.chunks, of: loss.evaluate).point
        self.weights = weights
    }

    /// The coefficients, `[1 or classes, columns]`.
    package var coefficients: [[Double]] { (0..<weights.rowCount).map { Array(weights.row($0).dropLast()) } }

    /// One for each row of coefficients.
    package var intercepts: [Double] { (0..<weights.rowCount).map { weights.row($0)[weights.columns - 1] } }

    /// The probabilities of the classes of each point, `[points, classes]`.
    package func probabilities(of points: VectorTable) -> [[Double]] {
        let points = Self.extended(points)
        return (0..<points.rowCount).map { point in
            let scores = (0..<weights.rowCount).map { weights.dot($0, points, point) }
            return softmax(classCount == 2 ? [0, scores[0]] : scores)
        }
    }

    /// The likeliest class of each point, the first of several.
    package func predictions(of points: VectorTable) -> [Int] {
        probabilities(of: points).map { row in row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 } }
    }

    /// The points with a column of ones, whose coefficient is the intercept.
    private static func extended(_ points: VectorTable) -> VectorTable {
        VectorTable((0..<points.rowCount).map { points.row($0) + [1] })
    }
}

/// Shares in proportion to the exponentials of the scores.
func softmax(_ scores: [Double]) -> [Double] {
    let largest = scores.max() ?? 0
    let exponentials = scores.map { exp($0 - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
}

/// The mean log loss of points with a column of ones, plus the penalty.
private struct LogisticLoss {
    let points: VectorTable
    let classes: [Int]
    /// Of coefficients: 1 of two classes.
    let rowCount: Int
    let inversePenalty: Double

    func evaluate(_ chunks: [SIMD8<Double>]) -> (value: Double, gradient: [SIMD8<Double>]) {
        var weights = VectorTable(zeros: rowCount, columns: points.columns)
        weights.chunks = chunks
        var gradient = VectorTable(zeros: rowCount, columns: points.columns)
        let share = 1 / Double(points.rowCount)
        var value = 0.0
        for point in 0..<points.rowCount {
            let scores = (0..<rowCount).map { weights.dot($0, points, point) }
            if rowCount == 1 {
                let isSecond = classes[point] == 1
                // log(1 + exp(-margin)) without overflow.
                let margin = isSecond ? scores[0] : -scores[0]
                value += share * (max(0, -margin) + log1p(exp(-abs(margin))))
                let probability = 1 / (1 + exp(-scores[0]))
                gradient.add(share * (probability - (isSecond ? 1 : 0)), times: points, row: point, to: 0)
            } else {
                let largest = scores.max() ?? 0
                let logSum = largest + log(scores.reduce(0) { $0 + exp($1 - largest) })
                value += share * (logSum - scores[classes[point]])
                for row in 0..<rowCount {
                    let error = exp(scores[row] - logSum) - (classes[point] == row ? 1 : 0)
                    gradient.add(share * error, times: points, row: point, to: row)
                }
            }
        }
        let penalty = share / inversePenalty
        for row in 0..<rowCount {
            var coefficients = weights.rows([row])
            let last = points.columns - 1
            coefficients.chunks[last / 8][last % 8] = 0
            value += penalty / 2 * coefficients.dot(0, coefficients, 0)
            gradient.add(penalty, times: coefficients, row: 0, to: row)
        }
        return (value, gradient.chunks)
    }
}
