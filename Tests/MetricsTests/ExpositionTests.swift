import Metrics
import Testing

@Suite("Text exposition")
struct ExpositionTests {
    private func text(_ registry: Registry) -> String { String(decoding: registry.exposition, as: UTF8.self) }

    @Test("Every series is there before anything was counted")
    func zeroes() {
        let registry = Registry()
        _ = registry.counter("requests_total", "Requests.", ["route": "/a", "status": "200"])
        _ = registry.counter("requests_total", "Requests.", ["route": "/b", "status": "200"])
        _ = registry.gauge("in_flight", "Now.")
        _ = registry.histogram("seconds", "Times.", scale: .init(bounds: [0.5, 1], unitsPerOne: 1e9))
        #expect(
            text(registry) == """
                # HELP requests_total Requests.
                # TYPE requests_total counter
                requests_total{route="/a",status="200"} 0
                requests_total{route="/b",status="200"} 0
                # HELP in_flight Now.
                # TYPE in_flight gauge
                in_flight 0
                # HELP seconds Times.
                # TYPE seconds histogram
                seconds_bucket{le="0.5"} 0
                seconds_bucket{le="1"} 0
                seconds_bucket{le="+Inf"} 0
                seconds_sum 0
                seconds_count 0

                """)
    }

    @Test("Values show: counts, what goes up and down, and ranges that include those below")
    func values() {
        let registry = Registry()
        registry.counter("a", "A.").add(3)
        let gauge = registry.gauge("b", "B.")
        gauge.add(2)
        gauge.add(-5)
        let histogram = registry.histogram("c", "C.", ["x": "y"], scale: .seconds)
        histogram.record(.milliseconds(1))
        histogram.record(.microseconds(1001))
        histogram.record(.seconds(1000))
        let lines = text(registry).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.prefix(2) == ["a 3", "b -3"])
        #expect(lines.contains(#"c_bucket{x="y",le="0.0005"} 0"#))
        #expect(lines.contains(#"c_bucket{x="y",le="0.001"} 1"#))
        #expect(lines.contains(#"c_bucket{x="y",le="0.0025"} 2"#))
        #expect(lines.contains(#"c_bucket{x="y",le="300"} 2"#))
        #expect(lines.contains(#"c_bucket{x="y",le="+Inf"} 3"#))
        #expect(lines.contains(#"c_sum{x="y"} 1000.002001"#))
        #expect(lines.contains(#"c_count{x="y"} 3"#))
    }

    @Test("A series that appears when it is used is left out while it is zero")
    func hidden() {
        let registry = Registry()
        let counter = registry.counter("a", "A.", ["status": "507"], appearsWhenUsed: true)
        #expect(text(registry) == "# HELP a A.\n# TYPE a counter\n")
        counter.add()
        #expect(text(registry).hasSuffix("a{status=\"507\"} 1\n"))
    }

    @Test("What is asked for again is what is there: two that count add to one series")
    func sameSeries() {
        let registry = Registry()
        let first = registry.counter("a", "A.", ["k": "v"])
        let second = registry.counter("a", "A.", ["k": "v"])
        let other = registry.counter("a", "A.", ["k": "w"])
        first.add()
        second.add()
        #expect(first === second)
        #expect(first.value == 2)
        #expect(other.value == 0)
    }

    @Test("Series that are read at the scrape have whatever labels there are then")
    func readSeries() {
        let registry = Registry()
        registry.read("up", "Up.", .gauge) { 1.5 }
        registry.read("info", "Info.", .gauge) {
            [Registry.Sample(["name": "a"], 1), Registry.Sample(["name": "b"], 0)]
        }
        #expect(text(registry).contains("\nup 1.5\n"))
        #expect(text(registry).hasSuffix("info{name=\"a\"} 1\ninfo{name=\"b\"} 0\n"))
    }

    @Test(
        "Label values and help texts cannot break out of their line",
        arguments: [
            ("plain", "plain"), ("a\"b", #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#), ("größe", "größe"),
        ])
    func escaping(value: String, escaped: String) {
        let registry = Registry()
        _ = registry.counter("a", "Help\nwith \\ and \".", ["k": value])
        #expect(
            text(registry) == "# HELP a Help\\nwith \\\\ and \".\n# TYPE a counter\na{k=\"\(escaped)\"} 0\n")
    }

    @Test(
        "Numbers that are none have names",
        arguments: [
            (Double.infinity, "+Inf"), (-Double.infinity, "-Inf"), (Double.nan, "NaN"), (1e18, "1000000000000000000"),
            (0.1, "0.1"), (1e300, "1e+300"),
        ])
    func numbers(value: Double, shown: String) {
        let registry = Registry()
        registry.read("a", "A.", .gauge) { value }
        #expect(text(registry).hasSuffix("a \(shown)\n"))
    }
}
