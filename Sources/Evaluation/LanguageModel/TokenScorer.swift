import Foundation
import Tensors
import Transformer

/// Runs a model over given tokens and tells how likely it finds each of those that follow.
///
/// It belongs to one thread: it is not `Sendable`.
final class TokenScorer {
    private let model: Transformer
    private let activations: Activations
    private let pool: KeyValuePagePool

    /// Tokens of a step: each has a row of logits, `[tokens, vocabulary]`.
    private static let stepTokens = 64

    init(_ model: Transformer, threads: Int) {
        self.model = model
        activations = Activations(
            configuration: model.configuration, tokenCapacity: Self.stepTokens, samplingCapacity: Self.stepTokens,
            workerCount: threads)
        pool = model.makePagePool()
    }

    /// Hands out the logits, `[vocabulary]`, after each token from `start` on, in order.
    ///
    /// - Parameter start: the first token whose logits are wanted; those before it are only read.
    func forEachRow(of tokens: [TokenID], from start: Int = 0, _ body: (_ position: Int, _ logits: [Float]) -> Void) {
        let cache = KVCache(pool: pool)
        while cache.count < tokens.count {
            let first = cache.count
            let end = min(tokens.count, first + Self.stepTokens)
            let states = model.forward(
                [SequenceChunk(tokens: tokens[first..<end], cache: cache)], activations: activations)
            let wanted = max(first, start)..<max(end, start)
            guard !wanted.isEmpty else { continue }
            let logits = model.logits(ofRows: wanted.map { $0 - first }, in: states, activations: activations)
            for (row, position) in wanted.enumerated() { body(position, logits.row(row)) }
        }
    }
}

/// The logarithms of the probabilities of all tokens, of their logits: in double precision, for they are summed over a
/// whole vocabulary.
func logProbabilities(_ logits: [Float]) -> [Double] {
    let largest = Double(logits.max() ?? 0)
    let sum = logits.reduce(0.0) { $0 + exp(Double($1) - largest) }
    let logSum = largest + log(sum)
    return logits.map { Double($0) - logSum }
}

/// The divergence KL(first ‖ second) of two distributions that are given by their logarithms, in nats.
func divergence(_ first: [Double], _ second: [Double]) -> Double {
    var sum = 0.0
    for (one, other) in zip(first, second) { sum += exp(one) * (one - other) }
    return max(0, sum)
}
