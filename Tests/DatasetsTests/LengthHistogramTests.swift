import Datasets
import TestSupport
import Testing

@Suite("Lengths of prompts")
struct LengthHistogramTests {
    @Test("Without lengths all is 0")
    func empty() {
        let histogram = LengthHistogram()
        #expect(histogram.count == 0 && histogram.minimum == 0 && histogram.maximum == 0 && histogram.mean == 0)
        #expect(histogram.percentile(50) == 0)
    }

    @Test("Below 4096 tokens all is exact", arguments: [1, 2, 3, 19, 20, 21, 1000], [1, 2, 3] as [UInt64])
    func exact(count: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let lengths = (0..<count).map { _ in Int.random(in: 0..<4096, using: &generator) }
        var histogram = LengthHistogram()
        for length in lengths { histogram.add(length) }
        let sorted = lengths.sorted()
        #expect(histogram.minimum == sorted.first && histogram.maximum == sorted.last)
        #expect(histogram.mean == Double(lengths.reduce(0, +)) / Double(count))
        for percent in [1, 50, 95, 100] {
            // Nearest rank: the smallest length that so many do not exceed.
            let rank = (1...count).first { 100 * $0 >= percent * count } ?? count
            #expect(histogram.percentile(percent) == sorted[rank - 1])
        }
    }

    @Test("Above, percentiles are at most 1 in 128 too long, and the extremes exact")
    func long() {
        var histogram = LengthHistogram()
        for length in 4000..<100_000 { histogram.add(length) }
        #expect(histogram.minimum == 4000 && histogram.maximum == 99_999 && histogram.percentile(100) == 99_999)
        for percent in [5, 50, 95] {
            let exact = 4000 + 96_000 * percent / 100 - 1
            #expect((exact...(exact + exact / 128 + 1)).contains(histogram.percentile(percent)))
        }
        histogram.add(.max >> 1)
        #expect(histogram.percentile(100) == .max >> 1)
    }
}
