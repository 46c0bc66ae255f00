import Foundation
import TestSupport
import Testing
import Training

@Suite("InfoNCE over pooled states")
struct ContrastiveLossTests {
    private func vectors(_ count: Int, _ generator: inout SeededGenerator) -> [[Float]] {
        (0..<count).map { _ in (0..<5).map { _ in Float.random(in: -2...2, using: &generator) } }
    }

    /// The definition, in double precision.
    private func definition(
        _ anchors: [[Double]], _ candidates: [[Double]], _ pairs: [ContrastiveLoss.Pair], _ temperature: Double
    ) -> Double {
        func product(_ first: [Double], _ second: [Double]) -> Double {
            zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func power(_ anchor: Int, _ candidate: Int) -> Double {
            let (first, second) = (anchors[anchor], candidates[candidate])
            return exp(
                product(first, second) / (product(first, first) * product(second, second)).squareRoot() / temperature)
        }
        let losses = pairs.map { pair in
            let sum = candidates.indices.filter { $0 == pair.positive || !pair.excluded.contains($0) }
                .reduce(0) { $0 + power(pair.anchor, $1) }
            return -log(power(pair.anchor, pair.positive) / sum)
        }
        return losses.reduce(0, +) / Double(pairs.count)
    }

    @Test("Loss and gradients follow the definition, with readings left out or not", arguments: [0.05, 0.5, 2])
    func gradients(temperature: Double) {
        var generator = SeededGenerator(seed: 3)
        let (anchors, candidates) = (vectors(3, &generator), vectors(6, &generator))
        let pairs: [ContrastiveLoss.Pair] = [
            .init(anchor: 0, positive: 0), .init(anchor: 1, positive: 2, excluded: [3]),
            .init(anchor: 1, positive: 3, excluded: [2]), .init(anchor: 2, positive: 5, excluded: [0, 1, 5]),
        ]
        let outcome = ContrastiveLoss.loss(
            anchors: anchors, candidates: candidates, pairs: pairs, temperature: temperature)
        let wide = (anchors + candidates).map { $0.map { Double($0) } }
        func loss(_ all: [[Double]]) -> Double {
            definition(Array(all[..<3]), Array(all[3...]), pairs, temperature)
        }
        #expect(abs(outcome.loss - loss(wide)) <= 1e-10)
        let found = outcome.anchorGradients + outcome.candidateGradients
        #expect(found.count == 9)
        for index in wide.indices {
            let expected = wide[index].indices.map { channel -> Float in
                var (above, below) = (wide, wide)
                above[index][channel] += 1e-6
                below[index][channel] -= 1e-6
                return Float((loss(above) - loss(below)) / 2e-6)
            }
            #expect(zip(found[index], expected).allSatisfy { abs($0 - $1) <= 1e-5 }, "vector \(index)")
        }
    }

    @Test("By hand: two directions across each other")
    func literal() {
        let outcome = ContrastiveLoss.loss(
            anchors: [[2, 0]], candidates: [[3, 0], [0, 1]], pairs: [.init(anchor: 0, positive: 0)], temperature: 1)
        #expect(abs(outcome.loss - log(1 + exp(-1))) <= 1e-12 && outcome.accuracy == 1)
        let other = ContrastiveLoss.loss(
            anchors: [[2, 0]], candidates: [[3, 0], [0, 1]], pairs: [.init(anchor: 0, positive: 1)], temperature: 1)
        #expect(abs(other.loss - log(1 + exp(1))) <= 1e-12 && other.accuracy == 0)
    }

    @Test("What is excluded has neither a share nor a gradient, and the positive is never left out")
    func excluded() {
        let outcome = ContrastiveLoss.loss(
            anchors: [[1, 0]], candidates: [[0, 1], [1, 0.1], [1, 0]],
            pairs: [.init(anchor: 0, positive: 0, excluded: [0, 1, 2])], temperature: 0.1)
        #expect(outcome.loss == 0 && outcome.accuracy == 1)
        #expect((outcome.anchorGradients + outcome.candidateGradients).allSatisfy { $0.allSatisfy { $0 == 0 } })
    }

    @Test("A vector of length 0 has a finite loss and gradient")
    func zero() {
        let outcome = ContrastiveLoss.loss(
            anchors: [[0, 0]], candidates: [[0, 0], [1, 0]], pairs: [.init(anchor: 0, positive: 0)], temperature: 1)
        #expect(abs(outcome.loss - log(2)) <= 1e-12)
        let all = (outcome.anchorGradients + outcome.candidateGradients).flatMap { $0 }
        #expect(all.allSatisfy { $0.isFinite })
    }
}
