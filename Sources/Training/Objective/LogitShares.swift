import Foundation

/// What share of `exp(logit)` each of some logits has of all of them (softmax), however large they are.
struct LogitShares {
    /// The largest of them.
    let largest: Double
    private let sum: Double

    /// - Parameter logits: at least one.
    init(_ logits: [Double]) {
        let largest = logits.max() ?? 0
        self.largest = largest
        sum = logits.reduce(0) { $0 + exp($1 - largest) }
    }

    /// The share of one of them.
    func share(of logit: Double) -> Double { exp(logit - largest) / sum }

    /// Its natural logarithm.
    func logarithm(of logit: Double) -> Double { logit - largest - log(sum) }
}
