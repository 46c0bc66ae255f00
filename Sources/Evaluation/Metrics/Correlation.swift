/// Ranks from 1 on, in ascending order; equal values share the mean of the ranks that they take together.
package func averageRanks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start + 1
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        // The mean of the ranks start + 1 to end.
        for index in order[start..<end] { ranks[index] = Double(start + end + 1) / 2 }
        start = end
    }
    return ranks
}

/// Pearson's correlation; nil where one of the two does not vary, or the squares of the values overflow.
///
/// - Precondition: there are as many values of the one as of the other.
package func pearsonCorrelation(_ first: [Double], _ second: [Double]) -> Double? {
    precondition(first.count == second.count, "\(first.count) values and \(second.count)")
    guard !first.isEmpty else { return nil }
    let count = Double(first.count)
    let (firstMean, secondMean) = (first.reduce(0, +) / count, second.reduce(0, +) / count)
    var (product, firstSquares, secondSquares) = (0.0, 0.0, 0.0)
    for (x, y) in zip(first, second) {
        product += (x - firstMean) * (y - secondMean)
        firstSquares += (x - firstMean) * (x - firstMean)
        secondSquares += (y - secondMean) * (y - secondMean)
    }
    guard firstSquares > 0, secondSquares > 0, (firstSquares * secondSquares).isFinite else { return nil }
    return max(-1, min(1, product / (firstSquares * secondSquares).squareRoot()))
}

/// Spearman's rank correlation, ties by their mean ranks; nil where one of the two does not vary.
///
/// - Precondition: there are as many values of the one as of the other.
package func spearmanCorrelation(_ first: [Double], _ second: [Double]) -> Double? {
    pearsonCorrelation(averageRanks(first), averageRanks(second))
}
