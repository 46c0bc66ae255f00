import Engine
import Foundation
import Tensors
import TestSupport
import Testing
import Transformer

/// Logits as of a language model: a few likely tokens, many unlikely ones.
private func randomLogits(_ count: Int, using generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in
        (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0...1, using: &generator) } * 2.5
    }
}

/// The fewest likeliest tokens that reach the mass, in double precision.
private func nucleus(_ logits: [Float], temperature: Double, mass: Double) -> Set<TokenID> {
    let weights = logits.map { exp(Double($0) / temperature) }
    let total = weights.reduce(0, +)
    var sum = 0.0
    var result: Set<TokenID> = []
    for index in weights.indices.sorted(by: { (weights[$0], $1) > (weights[$1], $0) }) where sum < mass * total {
        sum += weights[index]
        result.insert(TokenID(index))
    }
    return result
}

@Suite("Sampler's kernels")
struct SamplerKernelTests {
    private static let sizes = [1, 2, 15, 16, 17, 255, 256, 257, 300, 511, 4099, 49_152]
    private static let settings = [
        (0, 1), (1, 1), (0.3, 1), (1, 0.9), (3, 0.99), (1, 0.3), (100, 0.999), (100, 1),
    ].map { SamplingSettings(temperature: $0.0, topP: $0.1, seed: 9) }

    @Test("All instruction sets draw the same tokens", arguments: sizes)
    func equalDraws(size: Int) {
        var generator = SeededGenerator(seed: UInt64(size))
        let logits = randomLogits(size, using: &generator)
        let drawers = Kernels.available.map { Drawer(logits, kernels: $0) }
        for settings in Self.settings {
            for draw in 0..<(size > 10_000 ? 30 : 300) {
                let tokens = Set(drawers.map { $0.token(settings, draw: draw) })
                #expect(tokens.count == 1 && tokens != [nil], "\(settings), draw \(draw): \(tokens)")
            }
        }
    }

    @Test("Rows drawn from together, on several threads, give what each gives alone", arguments: [1, 2, 3])
    func rowsTogether(threads: Int) {
        var generator = SeededGenerator(seed: 4)
        let rows = (0..<23).map { _ in randomLogits(3000, using: &generator) }
        let logits = Activation(rowCapacity: rows.count, columns: 3000)
        for (index, row) in rows.enumerated() {
            logits.setRow(index, to: row)
        }
        logits.setRow(5, to: [Float](repeating: .nan, count: 3000))
        let draws = rows.indices.map {
            Sampler.Draw(
                settings: Self.settings[$0 % Self.settings.count], index: Int.random(in: 0...99, using: &generator))
        }
        let sampler = Sampler()
        let together = sampler.sample(draws, fromRowsOf: logits, on: Workers(count: threads))
        for (row, draw) in draws.enumerated() {
            #expect(together[row]?.token == (row == 5 ? nil : Drawer(rows[row]).token(draw.settings, draw: draw.index)))
        }
        #expect(sampler.sample([], fromRowsOf: logits, on: Workers(count: threads)) == [])
    }

    @Test("The first of the largest is found wherever it stands, and a NaN wherever it hides", arguments: sizes)
    func places(size: Int) {
        let greedy = SamplingSettings(temperature: 0, topP: 1, seed: 0)
        for kernels in Kernels.available {
            for place in Set([0, 1, 14, 15, 16, 17, 254, 255, 256, 257, size / 2, size - 2, size - 1])
            where (0..<size).contains(place) {
                var logits = (0..<size).map { Float($0 % 7) }
                logits[place] = 9
                logits[size - 1] = 9
                #expect(Drawer(logits, kernels: kernels).token(greedy, draw: 0) == TokenID(place))
                logits[place] = .nan
                #expect(Drawer(logits, kernels: kernels).token(greedy, draw: 0) == nil)
            }
        }
    }

    @Test(
        "The nucleus is that of the definition, and all of it is drawn from", arguments: [Float(0.1), 0.5, 0.9, 0.97])
    func nucleusMembers(mass: Float) {
        var generator = SeededGenerator(seed: UInt64(mass * 100))
        for size in [3, 40, 300, 2000] {
            // Rounded, so that there are ties.
            let logits = randomLogits(size, using: &generator).map { ($0 * 4).rounded() / 4 }
            let expected = nucleus(logits, temperature: 0.5, mass: Double(mass))
            let drawer = Drawer(logits)
            let settings = SamplingSettings(temperature: 0.5, topP: mass, seed: 3)
            let drawn = Set((0..<30_000).compactMap { drawer.token(settings, draw: $0) })
            #expect(drawn.isSubset(of: expected))
            // The least likely of a large nucleus are drawn once in thousands.
            let likely = expected.sorted { (logits[Int($0)], $1) > (logits[Int($1)], $0) }.prefix(40)
            #expect(drawn.isSuperset(of: likely))
        }
    }

    @Test("Draws follow the softmax over a whole vocabulary", arguments: Kernels.available)
    func distribution(kernels: Kernels) {
        var generator = SeededGenerator(seed: 8)
        let logits = randomLogits(5000, using: &generator)
        let weights = logits.map { exp(Double($0)) }
        let total = weights.reduce(0, +)
        let drawer = Drawer(logits, kernels: kernels)
        let settings = SamplingSettings(temperature: 1, topP: 1, seed: 1)
        // A hundred parts of the vocabulary, each expected and drawn.
        var expected = [Double](repeating: 0, count: 100)
        var drawn = [Double](repeating: 0, count: 100)
        for (index, weight) in weights.enumerated() { expected[index % 100] += weight / total }
        for draw in 0..<20_000 {
            drawn[Int(drawer.token(settings, draw: draw) ?? 0) % 100] += 1 / 20_000
        }
        // Chi-squared with 99 degrees of freedom: over 149 once in a thousand.
        let deviation = zip(drawn, expected).reduce(0) { $0 + pow($1.0 - $1.1, 2) / $1.1 } * 20_000
        #expect(deviation < 149)
    }
}
