import Foundation
import Testing
import Training

@Suite("The clipped loss of a token, by hand")
struct PolicyGradientTests {
    struct Case: Sendable {
        let name: String
        /// Of the log-probability over the old one: a logarithm of a ratio.
        let difference: Double
        let advantage: Double
        let loss: Double
        let gradient: Double
        let isClipped: Bool
    }

    private static let cases = [
        Case(name: "no change", difference: 0, advantage: 2, loss: -2, gradient: -2, isClipped: false),
        Case(name: "no advantage", difference: 0.1, advantage: 0, loss: 0, gradient: 0, isClipped: false),
        Case(name: "within", difference: log(1.1), advantage: 1, loss: -1.1, gradient: -1.1, isClipped: false),
        Case(name: "clip high", difference: log(1.5), advantage: 2, loss: -2.6, gradient: 0, isClipped: true),
        Case(name: "far below", difference: log(0.5), advantage: 2, loss: -1, gradient: -1, isClipped: false),
        Case(name: "clip low", difference: log(0.5), advantage: -2, loss: 1.6, gradient: 0, isClipped: true),
        Case(name: "within, worse", difference: log(0.9), advantage: -1, loss: 0.9, gradient: 0.9, isClipped: false),
        Case(name: "far above, worse", difference: log(2), advantage: -2, loss: 4, gradient: 4, isClipped: false),
        Case(name: "dual clip", difference: log(4), advantage: -2, loss: 6, gradient: 0, isClipped: true),
        Case(name: "cut above, worse", difference: 25, advantage: -1, loss: 3, gradient: 0, isClipped: true),
        Case(name: "cut above", difference: 25, advantage: 1, loss: -1.3, gradient: 0, isClipped: true),
        Case(name: "cut below", difference: -25, advantage: 1, loss: -exp(-20), gradient: 0, isClipped: false),
        Case(name: "cut below, worse", difference: -25, advantage: -1, loss: 0.8, gradient: 0, isClipped: true),
    ]
    private let policy = PolicyGradient(clipLow: 0.2, clipHigh: 0.3, dualClip: 3)

    @Test("Every branch of the clip", arguments: cases)
    func clip(expected: Case) {
        let term = policy.term(
            logProbability: expected.difference - 3, old: -3, start: nil, advantage: expected.advantage)
        #expect(abs(term.loss - expected.loss) <= 1e-12)
        #expect(abs(term.gradient - expected.gradient) <= 1e-12)
        #expect(term.isClipped == expected.isClipped && term.divergence == 0)
    }

    @Test("Where the clip has limits of its own, 0 and 1 differ")
    func limits() {
        let open = PolicyGradient(clipLow: 1, clipHigh: 100, dualClip: 100)
        for difference in [-2.0, 2.0] {
            let term = open.term(logProbability: difference, old: 0, start: nil, advantage: -1)
            #expect(!term.isClipped && abs(term.loss - exp(difference)) <= 1e-12)
        }
    }

    @Test(
        "The divergence is exp(gap) - gap - 1, at most 10, with its own gradient within that",
        arguments: [
            (0, 0, 0), (1, exp(1) - 2, 1 - exp(1)), (-1, exp(-1), 1 - exp(-1)), (2.5, exp(2.5) - 3.5, 1 - exp(2.5)),
            // Beyond the limits the numbers stay and the gradient is 0.
            (3, 10, 0), (-11.5, 10, 0), (30, 10, 0), (-30, 10, 0),
        ] as [(Double, Double, Double)])
    func divergence(gap: Double, divergence: Double, slope: Double) {
        var policy = policy
        policy.divergenceCoefficient = 0.5
        let term = policy.term(logProbability: -4, old: -4, start: gap - 4, advantage: 1)
        #expect(abs(term.divergence - divergence) <= 1e-12)
        #expect(abs(term.loss - (-1 + 0.5 * divergence)) <= 1e-12)
        #expect(abs(term.gradient - (-1 + 0.5 * slope)) <= 1e-12)
    }

    @Test("A divergence that is only watched changes nothing")
    func watched() {
        let term = policy.term(logProbability: -1, old: -1, start: -2, advantage: 1)
        #expect(term.loss == -1 && term.gradient == -1 && term.divergence > 0)
    }

    @Test("The gradient is that of differences, away from the corners")
    func gradient() {
        var policy = policy
        policy.divergenceCoefficient = 0.3
        let step = 1e-6
        for advantage in [-2, -0.5, 0, 0.7, 3] {
            for change in stride(from: -24.013, through: 24, by: 0.37) {
                for start in [-3.1, -2.9, 0.4, 17] {
                    func term(_ logProbability: Double) -> PolicyGradient.Term {
                        policy.term(logProbability: logProbability, old: -2.7, start: start, advantage: advantage)
                    }
                    let now = change - 2.7
                    let difference = (term(now + step).loss - term(now - step).loss) / (2 * step)
                    let gradient = term(now).gradient
                    #expect(
                        abs(gradient - difference) <= 1e-4 * max(1, abs(gradient)),
                        "\(advantage), \(change), \(start)")
                }
            }
        }
    }
}
