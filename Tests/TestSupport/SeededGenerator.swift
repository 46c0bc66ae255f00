import RandomNumbers

/// A seeded source of random numbers, so that a failing property or fuzz case can be replayed.
package struct SeededGenerator: RandomNumberGenerator {
    private var source: SplitMix64

    package init(seed: UInt64) {
        source = SplitMix64(seed: seed)
    }

    package mutating func next() -> UInt64 { source.next() }
}
