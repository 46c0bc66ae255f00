/// The fewest largest weights whose sum reaches a mass, of equal ones those of lower index.
///
/// Found without sorting: the bits of positive floats are ordered as the floats are, so that the least weight of the nucleus
/// is found ten bits at a time, by the sums of the weights that begin with the same bits.
struct Nucleus {
    private let candidates: UnsafeBufferPointer<UInt32>
    private let weights: UnsafeBufferPointer<Float>
    private let least: Float
    /// How many of the weights that are equal to `least` belong to it.
    private let leastCount: Int

    /// - Parameters:
    ///   - candidates: indices of weights over 0 and at most 1, ascending.
    ///   - mass: over 0; where rounding keeps the sum of all candidates below it, all are taken.
    init(_ candidates: UnsafeBufferPointer<UInt32>, weights: UnsafeBufferPointer<Float>, mass: Double) {
        self.candidates = candidates
        self.weights = weights
        var prefix: UInt32 = 0
        var above = 0.0
        var remaining = 30
        // Weights are at most 1, whose bits are 0x3F80_0000: thirty of them.
        while remaining > 0 {
            remaining -= Self.digitBits
            var sums = [Double](repeating: 0, count: 1 << Self.digitBits)
            for index in candidates {
                let weight = weights[Int(index)]
                let digits = weight.bitPattern >> UInt32(remaining)
                if digits >> UInt32(Self.digitBits) == prefix {
                    sums[Int(digits) & (sums.count - 1)] += Double(weight)
                }
            }
            let digit = Self.digit(ofMass: mass, above: &above, sums)
            prefix = prefix << UInt32(Self.digitBits) | UInt32(digit)
        }
        least = Float(bitPattern: prefix)
        leastCount = max(1, Int(((mass - above) / Double(least)).rounded(.up)))
    }

    /// The largest digit at which the running sum, from the largest digit down, reaches the mass, or the smallest that
    /// there is; `above` becomes the sum of the digits over it.
    private static func digit(ofMass mass: Double, above: inout Double, _ sums: [Double]) -> Int {
        var smallest = 0
        var aboveSmallest = above
        for digit in sums.indices.reversed() where sums[digit] > 0 {
            smallest = digit
            aboveSmallest = above
            guard above + sums[digit] < mass else { break }
            above += sums[digit]
        }
        above = aboveSmallest
        return smallest
    }

    private static let digitBits = 10

    /// The element at which the running sum of the nucleus's weights passes this share of it.
    ///
    /// - Parameter share: from 0 up to 1.
    func element(at share: Double) -> Int? {
        var total = 0.0
        forEach { _, weight in
            total += Double(weight)
            return true
        }
        var left = share * total
        var chosen: Int?
        forEach { index, weight in
            chosen = index
            left -= Double(weight)
            return left >= 0
        }
        return chosen
    }

    /// Calls `body` with the elements in ascending order and their weights for as long as it returns true.
    private func forEach(_ body: (Int, Float) -> Bool) {
        var leastLeft = leastCount
        for index in candidates {
            let weight = weights[Int(index)]
            if weight == least {
                guard leastLeft > 0 else { continue }
                leastLeft -= 1
            } else if weight < least {
                continue
            }
            guard body(Int(index), weight) else { return }
        }
    }
}
