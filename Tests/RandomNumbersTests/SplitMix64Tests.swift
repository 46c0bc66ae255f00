import RandomNumbers
import Testing

@Suite("Random numbers")
struct SplitMix64Tests {
    @Test("Passing numbers over is as drawing them", arguments: [0, 1, 7_331_808_286_323_448, .max] as [UInt64])
    func skipping(seed: UInt64) {
        var drawn = SplitMix64(seed: seed)
        for count in 0..<100 {
            #expect(SplitMix64(seed: seed, skipping: count) == drawn)
            _ = drawn.next()
        }
    }

    @Test(
        "A number of a seed and an index is the one that Python computes",
        arguments: [
            (0, 0, 0.8833108082136426), (7_331_808_286_323_448, 3, 0.11153840265930315),
            (.max, 63, 0.9618451335181769), (.max / 3, 2048, 0.8382487911097615),
        ] as [(UInt64, Int, Double)])
    func uniform(seed: UInt64, index: Int, expected: Double) {
        var random = SplitMix64(seed: seed, skipping: index)
        #expect(random.uniform() == expected)
        random = SplitMix64(seed: seed, skipping: index)
        #expect(random.index(below: 1000) == Int(expected * 1000))
    }
}
