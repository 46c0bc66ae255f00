import Foundation
import TensorGradients
import Tensors
import TestSupport
import Testing

@Suite("Scores of tokens under logits")
struct TokenScoreTests {
    /// Log-probability and entropy by their definitions.
    private func definition(
        _ logits: [Double], _ token: Int, _ temperature: Double
    ) -> (logProbability: Double, entropy: Double) {
        let scaled = logits.map { $0 / temperature }
        let largest = scaled.max() ?? 0
        let logSum = largest + log(scaled.reduce(0) { $0 + exp($1 - largest) })
        let entropy = scaled.reduce(0) { $0 - exp($1 - logSum) * ($1 - logSum) }
        return (scaled[token] - logSum, entropy)
    }

    @Test(
        "Log-probability, entropy and gradients follow the definition",
        arguments: [1, 2, 7, 33, 1025], [0.5, 1, 1.7] as [Float])
    func definitions(vocabularySize: Int, temperature: Float) {
        var generator = SeededGenerator(seed: UInt64(vocabularySize))
        let rows = 3
        let logits = random((rows + 1) * vocabularySize, in: -6...6, using: &generator)
        let tokens = (0..<rows).map { _ in Int.random(in: 0..<vocabularySize, using: &generator) }
        let weights = (0..<rows).map { row in
            TokenScoreGradient(logProbability: Float(row) - 0.7, entropy: row == 0 ? 0 : Float(row) * 0.3)
        }
        func row(_ row: Int) -> [Float] { Array(logits[row * vocabularySize..<(row + 1) * vocabularySize]) }
        let expected = (0..<rows).map { definition(row($0).map { Double($0) }, tokens[$0], Double(temperature)) }
        let gradients = (0..<rows).map { index in
            differences(at: row(index)) {
                let found = definition($0, tokens[index], Double(temperature))
                return Double(weights[index].logProbability) * found.logProbability
                    + Double(weights[index].entropy) * found.entropy
            }
        }
        for kernels in Kernels.available {
            let activation = Activation(columns: vocabularySize, elements: logits)
            let workers = Workers(count: 2, kernels: kernels)
            let plain = TokenScores.score(
                tokens, underRowsOf: activation, temperature: temperature, gradient: nil, on: workers)
            #expect(activation.all == logits, "logits that only scores are asked of stay")
            let scores = TokenScores.score(
                tokens, underRowsOf: activation, temperature: temperature, gradient: { row, _ in weights[row] },
                on: workers)
            #expect(scores == plain)
            for index in 0..<rows {
                #expect(abs(Double(scores[index].logProbability) - expected[index].logProbability) <= 1e-5)
                #expect(abs(Double(scores[index].entropy) - expected[index].entropy) <= 1e-5)
                let difference = zip(activation.row(index), gradients[index]).map { abs($0 - $1) }.max() ?? 0
                #expect(difference <= 1e-5, "\(kernels), row \(index)")
            }
            #expect(activation.row(rows) == row(rows), "a row that was not asked for")
        }
    }

    @Test("A gradient is told the score that it is of")
    func callback() {
        var generator = SeededGenerator(seed: 4)
        let logits = Activation(columns: 100, elements: random(3000, using: &generator))
        let tokens = (0..<30).map { $0 * 3 }
        let workers = Workers(count: 3)
        let scores = TokenScores.score(tokens, underRowsOf: logits, temperature: 1, gradient: nil, on: workers)
        let again = TokenScores.score(
            tokens, underRowsOf: logits, temperature: 1,
            gradient: { TokenScoreGradient(logProbability: $1 == scores[$0] ? 0 : 1) }, on: workers)
        #expect(again == scores)
        #expect(logits.all.allSatisfy { $0 == 0 }, "no gradient, no numbers")
    }

    @Test("Logits far apart give finite scores: a sure token, and one that is out of the question")
    func extremes() {
        for kernels in Kernels.available {
            let logits = Activation(columns: 3, elements: [300, -300, 0, 300, -300, 0, 1e30, 0, 0])
            let scores = TokenScores.score(
                [0, 1, 0], underRowsOf: logits, temperature: 1,
                gradient: { _, _ in TokenScoreGradient(logProbability: 1, entropy: 1) },
                on: Workers(count: 1, kernels: kernels))
            #expect(scores.map(\.logProbability) == [0, -600, 0], "\(kernels)")
            #expect(scores.allSatisfy { abs($0.entropy) < 1e-6 }, "\(kernels)")
            #expect(logits.all.allSatisfy { $0.isFinite }, "\(kernels)")
        }
    }
}
