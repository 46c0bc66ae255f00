/// InfoNCE (van den Oord et al. 2018) over pooled vectors, with the gradient over them: cosines over a temperature, as logits of
/// which candidate is the anchor's.
package enum ContrastiveLoss {
    /// An anchor, and the candidate that is its own.
    package struct Pair: Sendable, Equatable {
        /// By its index.
        package let anchor: Int
        /// By its index.
        package let positive: Int
        /// Candidates that are no negatives of the anchor: other readings of the same text.
        package let excluded: Set<Int>

        /// Takes all as they are.
        package init(anchor: Int, positive: Int, excluded: Set<Int> = []) {
            self.anchor = anchor
            self.positive = positive
            self.excluded = excluded
        }
    }

    /// A loss and how it changes with the vectors.
    package struct Outcome: Sendable, Equatable {
        /// The mean over the pairs.
        package let loss: Double
        /// The share of the pairs whose positive is the nearest candidate.
        package let accuracy: Double
        /// Of the anchors' shapes.
        package let anchorGradients: [[Float]]
        /// Of the candidates' shapes.
        package let candidateGradients: [[Float]]
    }

    /// - Parameters:
    ///   - anchors: means of hidden states, `[channels]` each, of any length but 0.
    ///   - candidates: the same.
    ///   - pairs: at least one.
    ///   - temperature: over 0.
    package static func loss(
        anchors: [[Float]], candidates: [[Float]], pairs: [Pair], temperature: Double
    ) -> Outcome {
        precondition(!pairs.isEmpty && temperature > 0, "nothing to compare")
        let anchorDirections = anchors.map(Direction.init)
        let candidateDirections = candidates.map(Direction.init)
        let channels = anchors[0].count
        var anchorGradients = [[Double]](repeating: [Double](repeating: 0, count: channels), count: anchors.count)
        var candidateGradients = [[Double]](
            repeating: [Double](repeating: 0, count: channels), count: candidates.count)
        var (loss, hits) = (0.0, 0)
        for pair in pairs {
            let anchor = anchorDirections[pair.anchor]
            let compared = candidates.indices.filter { $0 == pair.positive || !pair.excluded.contains($0) }
            let cosines = compared.map { anchor.cosine(to: candidateDirections[$0]) }
            let logits = cosines.map { $0 / temperature }
            let shares = LogitShares(logits)
            for (place, index) in compared.enumerated() {
                let isPositive = index == pair.positive
                if isPositive {
                    loss -= shares.logarithm(of: logits[place])
                    if logits[place] == shares.largest { hits += 1 }
                }
                let weight =
                    (shares.share(of: logits[place]) - (isPositive ? 1 : 0)) / temperature / Double(pairs.count)
                let candidate = candidateDirections[index]
                anchor.addGradient(
                    ofCosineTo: candidate, cosines[place], weight, to: &anchorGradients[pair.anchor])
                candidate.addGradient(ofCosineTo: anchor, cosines[place], weight, to: &candidateGradients[index])
            }
        }
        return Outcome(
            loss: loss / Double(pairs.count), accuracy: Double(hits) / Double(pairs.count),
            anchorGradients: anchorGradients.map { $0.map { Float($0) } },
            candidateGradients: candidateGradients.map { $0.map { Float($0) } })
    }

    /// A vector's direction and length.
    private struct Direction {
        let unit: [Double]
        let length: Double

        init(_ vector: [Float]) {
            let length = max(vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot(), 1e-12)
            unit = vector.map { Double($0) / length }
            self.length = length
        }

        func cosine(to other: Direction) -> Double {
            zip(unit, other.unit).reduce(0) { $0 + $1.0 * $1.1 }
        }

        /// Of `weight * cosine`, over this vector: what of the other is across it, over its length.
        func addGradient(ofCosineTo other: Direction, _ cosine: Double, _ weight: Double, to gradient: inout [Double]) {
            let factor = weight / length
            for channel in unit.indices {
                gradient[channel] += factor * (other.unit[channel] - cosine * unit[channel])
            }
        }
    }
}
