import Metrics
import Testing

@Suite("Instruments")
struct InstrumentTests {
    @Test("Nothing is lost where many tasks count at once, and a scrape among them never shows more than all")
    func concurrency() async {
        let registry = Registry()
        let counter = registry.counter("a", "A.")
        let gauge = registry.gauge("b", "B.")
        let histogram = registry.histogram("c", "C.", scale: .powersOfTwo(upTo: 8))
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<1000 {
                        counter.add()
                        gauge.add(1)
                        histogram.record(round % 10)
                        gauge.add(-1)
                        if round % 250 == task { _ = registry.exposition }
                    }
                }
            }
        }
        #expect(counter.value == 8000)
        #expect(gauge.value == 0)
        #expect(histogram.count == 8000)
    }

    @Test(
        "A value on a bound belongs to the range that ends there",
        arguments: [
            (0, "1"), (1, "1"), (2, "2"), (3, "4"), (4, "4"), (5, "8"), (8, "8"), (9, "+Inf"), (Int.max, "+Inf"),
        ])
    func bounds(value: Int, bound: String) {
        let registry = Registry()
        registry.histogram("a", "A.", scale: .powersOfTwo(upTo: 8)).record(value)
        let lines = String(decoding: registry.exposition, as: UTF8.self).split(separator: "\n")
        let first = lines.first { $0.hasPrefix("a_bucket") && $0.hasSuffix(" 1") }
        #expect(first == "a_bucket{le=\"\(bound)\"} 1")
    }

    @Test("Powers of two go as far as the limit")
    func powers() {
        #expect(Histogram.Scale.powersOfTwo(upTo: 1).bounds == [1])
        #expect(Histogram.Scale.powersOfTwo(upTo: 64).bounds == [1, 2, 4, 8, 16, 32, 64])
        #expect(Histogram.Scale.powersOfTwo(upTo: 65).bounds.last == 128)
    }
}
