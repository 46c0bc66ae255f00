import Engine
import Foundation
import Testing
import Transformer

private let greedy = SamplingSettings(temperature: 0, topP: 1, seed: 0)

/// Logits whose softmax is these probabilities.
private func logits(_ probabilities: [Double]) -> [Float] {
    probabilities.map { Float(log($0)) }
}

private func sample(logits: [Float], settings: SamplingSettings, draw: Int) -> TokenID? {
    Drawer(logits).token(settings, draw: draw)
}

/// How often each token is drawn, as shares of the draws.
private func shares(_ logits: [Float], temperature: Float, topP: Float = 1, seed: UInt64 = 7, draws: Int) -> [Double] {
    var counts = [Int](repeating: 0, count: logits.count)
    let settings = SamplingSettings(temperature: temperature, topP: topP, seed: seed)
    let drawer = Drawer(logits)
    for draw in 0..<draws {
        if let token = drawer.token(settings, draw: draw) {
            counts[Int(token)] += 1
        }
    }
    return counts.map { Double($0) / Double(draws) }
}

@Suite("Sampler")
struct SamplerTests {
    @Test(
        "Greedy takes the largest logit, of equals the first",
        arguments: [
            ([3], 0), ([1, 3, 2], 1), ([1, 3, 3, 2], 1), ([-1, -1], 0), ([-.infinity, -5], 1), ([0, -0.0], 0),
        ] as [([Float], TokenID)])
    func greedyChoice(logits: [Float], expected: TokenID) {
        #expect(sample(logits: logits, settings: greedy, draw: 0) == expected)
    }

    @Test(
        "Nothing is chosen from logits that are not numbers, or of which none is finite",
        arguments: [
            [.nan], [1, .nan], [.nan, 1], [1, .nan, 2], [-.infinity], [-.infinity, -.infinity], [.infinity, 0],
            [.infinity, -.infinity],
        ] as [[Float]], [Float(0), 0.7])
    func notFinite(logits: [Float], temperature: Float) {
        let settings = SamplingSettings(temperature: temperature, topP: 0.9, seed: 1)
        #expect(sample(logits: logits, settings: settings, draw: 0) == nil)
    }

    @Test("A token of probability 0 is never drawn")
    func impossibleTokens() {
        #expect(shares([-.infinity, 0, -.infinity, 0, -1000], temperature: 1, draws: 2000)[0] == 0)
        #expect(shares([-.infinity, 2, -.infinity], temperature: 1, draws: 200) == [0, 1, 0])
        #expect(shares([-.infinity, 2, -.infinity], temperature: 1, topP: 0.5, draws: 200) == [0, 1, 0])
    }

    @Test("Draws follow the softmax of logits over temperature", arguments: [Float(0.5), 1, 2])
    func distribution(temperature: Float) {
        let logits: [Float] = [1, -0.5, 2, 0, -3, 1.5]
        let weights = logits.map { exp(Double($0) / Double(temperature)) }
        let total = weights.reduce(0, +)
        for (share, weight) in zip(shares(logits, temperature: temperature, draws: 20_000), weights) {
            // Four standard deviations are 0.014 at most.
            #expect(abs(share - weight / total) <= 0.014)
        }
    }

    @Test("Logits far from 0 are drawn from as those near it")
    func shifted() {
        let near = shares([0, 1, 2], temperature: 1, draws: 2000)
        #expect(shares([10_000, 10_001, 10_002], temperature: 1, draws: 2000) == near)
        #expect(shares([-10_000, -9999, -9998], temperature: 1, draws: 2000) == near)
    }

    @Test("A temperature near 0 is greedy", arguments: [Float(1e-3), 1e-30, Float.leastNonzeroMagnitude])
    func smallTemperature(temperature: Float) {
        #expect(shares([1, 1.5, 1.4], temperature: temperature, draws: 100) == [0, 1, 0])
    }

    @Test(
        "Top-p keeps the fewest likeliest tokens that reach the mass",
        arguments: [
            (1e-9, [1]), (0.49, [1]), (0.51, [1, 3]), (0.79, [1, 3]), (0.81, [1, 2, 3]), (0.94, [1, 2, 3]),
            (0.96, [0, 1, 2, 3]), (1, [0, 1, 2, 3]),
        ] as [(Float, Set<Int>)])
    func nucleus(topP: Float, expected: Set<Int>) {
        let shares = shares(logits([0.05, 0.5, 0.15, 0.3]), temperature: 1, topP: topP, draws: 2000)
        #expect(Set(shares.indices.filter { shares[$0] > 0 }) == expected)
    }

    @Test("Of equally likely tokens top-p keeps the first")
    func nucleusOfEquals() {
        let shares = shares([0, 0, 0, 0], temperature: 1, topP: 0.5, draws: 2000)
        #expect(shares[0] > 0 && shares[1] > 0 && shares[2] == 0 && shares[3] == 0)
    }

    @Test("Temperature is applied before top-p")
    func temperatureBeforeNucleus() {
        // Of 0.8 and 0.2, at temperature 0.5, become 16/17 and 1/17.
        #expect(shares(logits([0.8, 0.2]), temperature: 0.5, topP: 0.9, draws: 500) == [1, 0])
        #expect(shares(logits([0.8, 0.2]), temperature: 1, topP: 0.9, draws: 500)[1] > 0)
    }

    @Test("Tokens that top-p keeps are drawn in their proportion")
    func nucleusDistribution() {
        let shares = shares(logits([0.05, 0.5, 0.15, 0.3]), temperature: 1, topP: 0.7, draws: 20_000)
        #expect(abs(shares[1] - 0.625) <= 0.014)
        #expect(abs(shares[3] - 0.375) <= 0.014)
    }

    @Test("The nucleus of a large vocabulary is that of the definition", arguments: [Float(0.3), 0.9, 0.99])
    func largeNucleus(topP: Float) {
        // Zipf's law, the likeliest token last: its thousand probabilities are 1 / rank over their sum.
        let probabilities = (0..<1000).map { 1 / Double(1000 - $0) / 7.485470860550345 }
        var nucleus = 0.0
        var nucleusSize = 0
        for probability in probabilities.reversed() where nucleus < Double(topP) {
            nucleus += probability
            nucleusSize += 1
        }
        let shares = shares(logits(probabilities), temperature: 1, topP: topP, draws: 20_000)
        #expect(shares.prefix(1000 - nucleusSize).allSatisfy { $0 == 0 })
        for (share, probability) in zip(shares, probabilities).suffix(nucleusSize) {
            #expect(abs(share - probability / nucleus) <= 0.014)
        }
        // Every token of the small nucleus is drawn; of a large one the rarest may not be.
        #expect(shares.filter { $0 > 0 }.count >= min(nucleusSize, 100))
    }

    @Test("A draw depends on seed and index alone")
    func repeatable() {
        let logits: [Float] = [0, 0, 0, 0, 0, 0, 0, 0]
        func draws(_ seed: UInt64, _ indices: some Swift.Sequence<Int>) -> [TokenID?] {
            let settings = SamplingSettings(temperature: 1, topP: 1, seed: seed)
            return indices.map { sample(logits: logits, settings: settings, draw: $0) }
        }
        #expect(draws(5, 0..<100) == draws(5, (0..<100).reversed()).reversed())
        #expect(draws(5, 0..<100) != draws(6, 0..<100))
    }

    @Test("Neighbouring draws, and equal draws of neighbouring seeds, are independent")
    func independence() {
        let logits: [Float] = [0, 0]
        func pairs(_ token: (Int) -> TokenID?) -> [Double] {
            var counts = [Int](repeating: 0, count: 4)
            for index in 0..<20_000 {
                counts[Int(token(index) ?? 0) * 2 + Int(token(index + 1) ?? 0)] += 1
            }
            return counts.map { Double($0) / 20_000 }
        }
        let ofOneSeed = pairs { index in
            sample(logits: logits, settings: .init(temperature: 1, topP: 1, seed: 3), draw: index)
        }
        let ofManySeeds = pairs { index in
            sample(logits: logits, settings: .init(temperature: 1, topP: 1, seed: UInt64(index)), draw: 0)
        }
        for share in ofOneSeed + ofManySeeds {
            #expect(abs(share - 0.25) <= 0.014)
        }
    }
}
