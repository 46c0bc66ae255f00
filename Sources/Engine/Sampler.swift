import Foundation
import Transformer

/// Chooses the next token from logits. A pure function of logits, settings and the index of the draw.
package enum Sampler {
    /// The next token, or nil where the logits hold a NaN or nothing finite.
    ///
    /// - Parameter draw: the index of the token in its rationale: draws do not depend on what was drawn before.
    package static func sample(logits: [Float], settings: SamplingSettings, draw: Int) -> TokenID? {
        guard let likeliest = indexOfMaximum(logits), logits[likeliest].isFinite else { return nil }
        guard settings.temperature > 0 else { return TokenID(likeliest) }
        // In double precision: a sum over a vocabulary of small probabilities decides the draw.
        let largest = Double(logits[likeliest])
        let temperature = Double(settings.temperature)
        var weights = logits.map { exp((Double($0) - largest) / temperature) }
        if settings.topP < 1 {
            restrict(&weights, toMass: Double(settings.topP))
        }
        var remaining = uniform(seed: settings.seed, draw: draw) * weights.reduce(0, +)
        var chosen = likeliest
        for (index, weight) in weights.enumerated() where weight > 0 {
            chosen = index
            remaining -= weight
            if remaining < 0 { break }
        }
        return TokenID(chosen)
    }

    /// A number in [0, 1) that depends on seed and index alone (SplitMix64, which is a hash of a counter).
    static func uniform(seed: UInt64, draw: Int) -> Double {
        var mixed = seed &+ 0x9E37_79B9_7F4A_7C15 &* (UInt64(draw) &+ 1)
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        return Double(mixed >> 11) * 0x1p-53
    }

    /// The first of the largest; nil where an element is NaN, and of nothing.
    private static func indexOfMaximum(_ values: [Float]) -> Int? {
        var best = 0
        // A NaN never compares as greater, so it is looked for apart.
        var hasNaN = false
        for (index, value) in values.enumerated() {
            if value > values[best] { best = index }
            hasNaN = hasNaN || value.isNaN
        }
        return values.isEmpty || hasNaN ? nil : best
    }

    /// Nucleus sampling: keeps the fewest likeliest tokens whose share reaches `mass`; equal weights by lower index.
    private static func restrict(_ weights: inout [Double], toMass mass: Double) {
        let total = weights.reduce(0, +)
        // All weights below this are together less than the nucleus leaves out, so the others reach the mass without
        // them: of a large vocabulary few are left to sort.
        let smallest = (1 - mass) * total / Double(weights.count)
        var candidates: [Int] = []
        for index in weights.indices {
            if weights[index] >= smallest {
                candidates.append(index)
            } else {
                weights[index] = 0
            }
        }
        candidates.sort { (weights[$0], $1) > (weights[$1], $0) }
        var sum = 0.0
        for index in candidates {
            if sum >= mass * total {
                weights[index] = 0
            }
            sum += weights[index]
        }
    }
}
