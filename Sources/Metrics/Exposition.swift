extension Registry {
    /// The media type of ``exposition``.
    package static let mediaType = "text/plain; version=0.0.4; charset=utf-8"

    /// All series in Prometheus's text format, version 0.0.4, in UTF-8.
    package var exposition: [UInt8] {
        var text = TextExposition()
        for family in families { text.add(family) }
        return text.bytes
    }
}

/// Prometheus's text format, version 0.0.4.
struct TextExposition {
    private(set) var bytes: [UInt8] = []

    mutating func add(_ family: Registry.Family) {
        write("# HELP \(family.name) ")
        escape(family.help, quotes: false)
        write("\n# TYPE \(family.name) \(family.kind.rawValue)\n")
        for series in family.series { add(series, family.name) }
    }

    private mutating func add(_ series: Registry.Series, _ name: String) {
        switch series.source {
        case .counter(let counter, let isHiddenAtZero):
            let value = counter.value
            if value != 0 || !isHiddenAtZero { line(name, series.labels, "\(value)") }
        case .gauge(let gauge): line(name, series.labels, "\(gauge.value)")
        case .histogram(let histogram): add(histogram, series.labels, name)
        case .read(let read):
            for sample in read() { line(name, sample.labels, Self.text(of: sample.value)) }
        }
    }

    private mutating func add(_ histogram: Histogram, _ labels: [Registry.Label], _ name: String) {
        let (cumulative, sum) = histogram.reading
        let bounds = histogram.scale.bounds.map(Self.text) + ["+Inf"]
        for (bound, count) in zip(bounds, cumulative) {
            line("\(name)_bucket", labels + [Registry.Label(name: "le", value: bound)], "\(count)")
        }
        line("\(name)_sum", labels, Self.text(of: sum))
        line("\(name)_count", labels, "\(cumulative.last ?? 0)")
    }

    private mutating func line(_ name: String, _ labels: [Registry.Label], _ value: String) {
        write(name)
        for (index, label) in labels.enumerated() {
            write(index == 0 ? "{" : ",")
            write("\(label.name)=\"")
            escape(label.value, quotes: true)
            write("\"")
        }
        write(labels.isEmpty ? " \(value)\n" : "} \(value)\n")
    }

    private mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func escape(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): write(#"\\"#)
            case UInt8(ascii: "\n"): write(#"\n"#)
            case UInt8(ascii: "\"") where quotes: write(#"\""#)
            default: bytes.append(byte)
            }
        }
    }

    /// As short as reads back to the same number; whole numbers without a fraction.
    static func text(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        if let whole = Int(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}
