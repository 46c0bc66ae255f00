/// Minimises a smooth convex function by L-BFGS (Liu and Nocedal, 1989; Nocedal and Wright, algorithm 7.5).
struct Minimizer {
    /// Pairs of steps that approximate the curvature.
    var historyLength = 10
    /// Steps at most.
    var iterationLimit = 10_000
    /// The largest component of the gradient at which the minimum counts as found.
    var gradientTolerance = 1e-10

    /// A point, and what the function is there.
    struct Evaluation {
        var point: [SIMD8<Double>]
        var value: Double
        var gradient: [SIMD8<Double>]
    }

    private struct Pair {
        let step: [SIMD8<Double>]
        let change: [SIMD8<Double>]
        /// Their scalar product, which is positive.
        let curvature: Double
    }

    /// The minimum as near as steps reach, from a start.
    func minimum(
        from start: [SIMD8<Double>],
        of function: (_ point: [SIMD8<Double>]) -> (value: Double, gradient: [SIMD8<Double>])
    ) -> Evaluation {
        func evaluation(at point: [SIMD8<Double>]) -> Evaluation {
            let (value, gradient) = function(point)
            return Evaluation(point: point, value: value, gradient: gradient)
        }
        var current = evaluation(at: start)
        var pairs: [Pair] = []
        for _ in 0..<iterationLimit where largest(current.gradient) > gradientTolerance {
            let direction = direction(at: current, pairs)
            guard let next = lineSearch(from: current, along: direction, evaluation) else {
                // The curvature that was learned misleads here; without any the search begins anew.
                guard !pairs.isEmpty else { return current }
                pairs = []
                continue
            }
            let step = zip(next.point, current.point).map { $0 - $1 }
            let change = zip(next.gradient, current.gradient).map { $0 - $1 }
            let curvature = dot(step, change)
            if curvature > 0 { pairs.append(Pair(step: step, change: change, curvature: curvature)) }
            if pairs.count > historyLength { pairs.removeFirst() }
            current = next
        }
        return current
    }

    private func direction(at current: Evaluation, _ pairs: [Pair]) -> [SIMD8<Double>] {
        var direction = current.gradient
        var factors: [Double] = []
        for pair in pairs.reversed() {
            let factor = dot(pair.step, direction) / pair.curvature
            factors.append(factor)
            add(-factor, pair.change, to: &direction)
        }
        // The scale of the first step without history: no longer than the gradient is steep.
        let scale =
            pairs.last.map { $0.curvature / dot($0.change, $0.change) } ?? 1 / max(1, largest(current.gradient))
        for index in direction.indices { direction[index] *= scale }
        for (pair, factor) in zip(pairs, factors.reversed()) {
            add(factor - dot(pair.change, direction) / pair.curvature, pair.step, to: &direction)
        }
        return direction.map { -$0 }
    }

    /// A point where the function has fallen and become flatter (the weak Wolfe conditions), by doubling and halving.
    private func lineSearch(
        from current: Evaluation, along direction: [SIMD8<Double>], _ evaluation: ([SIMD8<Double>]) -> Evaluation
    ) -> Evaluation? {
        let slope = dot(current.gradient, direction)
        guard slope < 0 else { return nil }
        // Close to the minimum what falls is lost in the last bits of what is summed.
        let slack = 1e-14 * abs(current.value)
        var (low, high, length) = (0.0, Double.infinity, 1.0)
        for _ in 0..<60 {
            let next = evaluation(zip(current.point, direction).map { $0 + length * $1 })
            if !(next.value <= current.value + 1e-4 * length * slope + slack) {
                high = length
            } else if dot(next.gradient, direction) < 0.9 * slope {
                low = length
            } else {
                return next
            }
            length = high < .infinity ? (low + high) / 2 : 2 * low
        }
        return nil
    }

    private func dot(_ first: [SIMD8<Double>], _ second: [SIMD8<Double>]) -> Double {
        var sum = SIMD8<Double>.zero
        for index in first.indices { sum += first[index] * second[index] }
        return sum.sum()
    }

    private func add(_ factor: Double, _ other: [SIMD8<Double>], to vector: inout [SIMD8<Double>]) {
        for index in vector.indices { vector[index] += factor * other[index] }
    }

    private func largest(_ vector: [SIMD8<Double>]) -> Double {
        var largest = SIMD8<Double>.zero
        for chunk in vector {
            largest = pointwiseMax(largest, pointwiseMax(chunk, -chunk))
        }
        return largest.max()
    }
}
