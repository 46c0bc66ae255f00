/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers from a seed everywhere, and in every version of Swift.
package struct SplitMix64: Sendable, Equatable {
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private var state: UInt64

    /// - Parameters:
    ///   - seed: any number.
    ///   - count: how many numbers to pass over. Each is a hash of the seed and its index: this takes no time.
    package init(seed: UInt64, skipping count: Int = 0) {
        state = seed &+ Self.increment &* UInt64(truncatingIfNeeded: count)
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= Self.increment
        return Self.mixed(state)
    }

    /// A random number of 0..<`bound`, each as likely (Lemire 2019).
    ///
    /// - Precondition: `bound` is at least 1.
    package mutating func next(below bound: UInt64) -> UInt64 {
        precondition(bound > 0, "there is no number below 0")
        var product = next().multipliedFullWidth(by: bound)
        if product.low < bound {
            // Numbers of which some results would have one more than others.
            let threshold = (0 &- bound) % bound
            while product.low < threshold { product = next().multipliedFullWidth(by: bound) }
        }
        return product.high
    }

    /// A random number of 0..<`count`, always of one draw: the likelihood of each is off by less than 2^-64.
    ///
    /// - Precondition: `count` is at least 1.
    package mutating func index(below count: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(count)).high)
    }

    /// A random number in [0, 1), a multiple of 2^-53.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A permutation of all 64-bit numbers, in which each bit depends on all.
    package static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
