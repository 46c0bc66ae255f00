import Benchmark
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test(
        "Percentiles are values that were measured, by nearest rank",
        arguments: [
            ([7], [7, 7, 7, 7]), ([2, 1], [1, 1, 2, 2]), ([3, 1, 2], [1, 2, 3, 3]), ([5, 5, 5, 9], [5, 5, 9, 9]),
            (Array(1...100), [1, 50, 99, 100]), (Array(1...1000), [1, 500, 990, 1000]),
        ] as [([Int], [Double])])
    func percentiles(values: [Int], expected: [Double]) {
        let statistics = Statistics(values.shuffled().map(Double.init))
        #expect([0, 50, 99, 100].map(statistics.percentile) == expected)
        #expect(statistics.max == expected[3])
    }

    @Test(
        "The median of an even number of values is between the two in the middle",
        arguments: [([4], 4), ([1, 2], 1.5), ([9, 1, 2], 2), ([8, 1, 4, 2], 3)] as [([Double], Double)])
    func medians(values: [Double], expected: Double) {
        #expect(Statistics(values).median == expected)
    }

    @Test("A rate is a number by seconds")
    func rates() {
        #expect(perSecond(30, in: .milliseconds(1500)) == 20)
        #expect(perSecond(0, in: .seconds(1)) == 0)
    }
}
