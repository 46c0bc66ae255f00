import Datasets
import RandomNumbers
import Testing

@Suite("Random orders")
struct OrderTests {
    @Test("The generator gives the numbers that Python computes")
    func generator() throws {
        let golden = try DatasetGolden.load()
        var generator = SplitMix64(seed: golden.splitmix64.seed)
        for number in golden.splitmix64.numbers { #expect(generator.next() == UInt64(number)) }
        for golden in golden.below {
            let bound = try #require(UInt64(golden.bound))
            var generator = SplitMix64(seed: bound)
            for number in golden.numbers { #expect(generator.next(below: bound) == UInt64(number)) }
        }
    }

    @Test("An epoch's order is the one that Python computes")
    func goldenOrders() throws {
        for golden in try DatasetGolden.load().orders {
            let seed = try #require(UInt64(golden.seed))
            #expect(Array(EpochOrder(count: golden.count, seed: seed, epoch: golden.epoch)) == golden.order)
        }
    }

    @Test("Every example comes once an epoch", arguments: [0, 1, 2, 3, 64, 1000])
    func permutation(count: Int) {
        for seed in 0..<20 as Range<UInt64> {
            let order = EpochOrder(count: count, seed: seed, epoch: Int(seed) % 3)
            #expect(order.sorted() == Array(0..<count))
        }
    }

    @Test("Other seeds and other epochs have other orders, also where seed and epoch are swapped or have one sum")
    func different() {
        var orders: Set<[Int]> = []
        for seed in 0..<30 as Range<UInt64> {
            for epoch in 0..<30 { orders.insert(Array(EpochOrder(count: 40, seed: seed, epoch: epoch))) }
        }
        #expect(orders.count == 900)
    }

    @Test("Whoever goes on at a position sees what would have come there")
    func resumed() {
        let whole = EpochOrder(count: 100, seed: 5, epoch: 2)
        for position in [0, 1, 37, 99, 100] {
            let again = EpochOrder(count: 100, seed: 5, epoch: 2)
            #expect(Array(whole.prefix(position)) + Array(again.dropFirst(position)) == Array(whole))
        }
    }

    @Test("Each example is as likely in each place")
    func uniform() {
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 5), count: 5)
        for seed in 0..<5000 as Range<UInt64> {
            for (position, example) in EpochOrder(count: 5, seed: seed, epoch: 0).enumerated() {
                counts[position][example] += 1
            }
        }
        // 1000 each; the standard deviation is 28, and the seeds are fixed.
        #expect(counts.allSatisfy { $0.allSatisfy { (860...1140).contains($0) } }, "\(counts)")
    }
}
