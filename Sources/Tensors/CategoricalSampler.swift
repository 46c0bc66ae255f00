import CKernels
import Foundation

/// How one element is to be drawn from a row of logits.
package struct CategoricalDraw: Sendable, Equatable {
    /// 0 takes the largest logit; above, logits are divided by it.
    package var temperature: Float
    /// The probability mass that may be drawn from, over 0 and at most 1.
    package var topP: Float
    /// Decides the draw, from 0 up to 1.
    package var uniform: Double

    /// Takes the values as they are.
    package init(temperature: Float, topP: Float, uniform: Double) {
        self.temperature = temperature
        self.topP = topP
        self.uniform = uniform
    }
}

/// What was drawn.
package struct CategoricalChoice: Sendable, Equatable {
    /// Of the row.
    package let element: Int
    /// Of the element under the row's logits over the temperature, in nats; nil where the largest was taken.
    package let logProbability: Float?
}

/// Draws from the softmax of rows of logits, rows side by side on all workers.
///
/// A draw is a function of its row and of nothing else, the same on every instruction set. It belongs to one thread: it is
/// not `Sendable`.
package final class CategoricalSampler {
    private var scratch: [DrawScratch] = []

    /// A sampler that has no memory yet: it takes what it needs at its first draw.
    package init() {}

    /// Draws once from each of the first rows of logits.
    ///
    /// - Parameter logits: `[rows, elements]`, a row for each of `draws`.
    /// - Returns: a choice for each draw; nil where its row holds a NaN or its largest logit is not finite.
    package func draw(
        _ draws: [CategoricalDraw], fromRowsOf logits: Activation, on workers: Workers
    ) -> [CategoricalChoice?] {
        precondition(draws.count <= logits.rowCapacity, "\(draws.count) draws from \(logits.rowCapacity) rows")
        if let first = scratch.first, first.capacity < logits.columns { scratch = [] }
        while scratch.count < min(workers.pieceCount, draws.count) {
            scratch.append(DrawScratch(capacity: logits.columns))
        }
        var choices = [CategoricalChoice?](repeating: nil, count: draws.count)
        choices.withUnsafeMutableBufferPointer { choices in
            // An exponential is worth about ten multiplications.
            workers.run(draws.count, cost: draws.count * logits.columns * 10) { piece, rows in
                for row in rows {
                    choices[row] = scratch[piece].draw(
                        draws[row], from: logits.pointer(toRow: row), count: logits.columns, workers.kernels)
                }
            }
        }
        return choices
    }
}

/// Memory for one draw at a time.
private final class DrawScratch {
    let capacity: Int
    private let weights: UnsafeMutableBufferPointer<Float>
    private let candidates: UnsafeMutableBufferPointer<UInt32>

    init(capacity: Int) {
        self.capacity = capacity
        // Not cleared: the memory that no draw comes to use is never touched.
        weights = allocate(Float.self, count: capacity, isZeroed: false)
        candidates = allocate(UInt32.self, count: capacity, isZeroed: false)
    }

    func draw(
        _ draw: CategoricalDraw, from logits: UnsafePointer<Float>, count: Int, _ kernels: grace_kernels
    ) -> CategoricalChoice? {
        var likeliest = 0
        guard grace_find_largest(kernels, logits, count, &likeliest) else { return nil }
        guard draw.temperature > 0 else { return CategoricalChoice(element: likeliest, logProbability: nil) }
        let total = grace_weigh(
            kernels, logits, count, logits[likeliest], draw.temperature, weights.baseAddress)
        let element =
            draw.topP < 1
            ? elementOfNucleus(draw, count: count, total: total)
            : grace_find_sum(kernels, weights.baseAddress, count, draw.uniform * total)
        return element.map {
            CategoricalChoice(element: $0, logProbability: Float(log(Double(weights[$0]) / total)))
        }
    }

    private func elementOfNucleus(_ draw: CategoricalDraw, count: Int, total: Double) -> Int? {
        // All weights below this are together less than the nucleus leaves out, so the others reach the mass without
        // them: of a large vocabulary few are left to look at.
        let mass = Double(draw.topP)
        let least = Float((1 - mass) * total / Double(count)).nextDown
        let candidateCount = grace_list_weights(
            weights.baseAddress, count, max(least, .leastNonzeroMagnitude), candidates.baseAddress)
        let nucleus = Nucleus(
            UnsafeBufferPointer(rebasing: candidates[..<candidateCount]), weights: UnsafeBufferPointer(weights),
            mass: mass * total)
        return nucleus.element(at: draw.uniform)
    }

    deinit {
        weights.deallocate()
        candidates.deallocate()
    }
}
