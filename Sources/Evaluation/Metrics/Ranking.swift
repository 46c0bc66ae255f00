import func Foundation.log2

/// Average precision of a binary decision by a threshold on scores, as scikit-learn defines it: the sum over thresholds
/// of precision times the recall that is gained; equal scores pass a threshold together. 0 where nothing is positive.
///
/// - Precondition: there is a label for each score.
package func averagePrecision(scores: [Double], labels: [Bool]) -> Double {
    precondition(scores.count == labels.count, "\(scores.count) scores and \(labels.count) labels")
    let positives = labels.count { $0 }
    guard positives > 0 else { return 0 }
    let order = scores.indices.sorted { scores[$0] > scores[$1] }
    var (sum, seen, found) = (0.0, 0, 0)
    while seen < order.count {
        let threshold = scores[order[seen]]
        let foundBefore = found
        while seen < order.count, scores[order[seen]] == threshold {
            if labels[order[seen]] { found += 1 }
            seen += 1
        }
        sum += Double(found - foundBefore) * Double(found) / Double(seen)
    }
    return sum / Double(positives)
}

/// Average precision of one ranked list: the mean over relevant candidates of the precision at their places. Of
/// candidates with equal scores the irrelevant come first: who cannot tell them apart gains nothing. 0 where nothing is
/// relevant.
///
/// - Precondition: there is a label for each score.
package func rankedAveragePrecision(scores: [Double], isRelevant: [Bool]) -> Double {
    precondition(scores.count == isRelevant.count, "\(scores.count) scores and \(isRelevant.count) labels")
    let order = pessimisticOrder(scores: scores, gains: isRelevant.map { $0 ? 1 : 0 })
    var (sum, found) = (0.0, 0)
    for (place, index) in order.enumerated() where isRelevant[index] {
        found += 1
        sum += Double(found) / Double(place + 1)
    }
    return found > 0 ? sum / Double(found) : 0
}

/// Normalised discounted cumulative gain of the first `depth` places, as trec_eval defines it: a document's gain is its
/// relevance, discounted by log2 of its place plus one, over what the best order would gain. Of documents with equal
/// scores the less relevant come first. 0 where nothing is relevant.
///
/// - Precondition: there is a relevance for each score, none of them negative.
package func normalizedGain(scores: [Double], relevances: [Double], depth: Int) -> Double {
    precondition(scores.count == relevances.count, "\(scores.count) scores and \(relevances.count) relevances")
    func gain(_ relevances: [Double]) -> Double {
        relevances.prefix(depth).enumerated().reduce(0) { $0 + $1.element / log2(Double($1.offset + 2)) }
    }
    let best = gain(relevances.sorted(by: >))
    guard best > 0 else { return 0 }
    return gain(pessimisticOrder(scores: scores, gains: relevances).map { relevances[$0] }) / best
}

/// Whether the right candidate has a higher score than every other: an equal one counts against it.
package func isFirst(_ right: Int, among scores: [Double]) -> Bool {
    scores.indices.allSatisfy { $0 == right || scores[$0] < scores[right] }
}

/// Indices by falling score; of equal scores those with less to gain first.
private func pessimisticOrder(scores: [Double], gains: [Double]) -> [Int] {
    scores.indices.sorted { (-scores[$0], gains[$0]) < (-scores[$1], gains[$1]) }
}
