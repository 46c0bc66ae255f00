import Confinement

/// Names and values of a series' labels, in the order in which they are exposed.
package typealias Labels = KeyValuePairs<String, String>

/// Series by their names, read all at once by who scrapes them.
///
/// Series are added at start and then held by who counts: counting takes no lock, and asks for no name.
package final class Registry: Sendable {
    /// What a family's numbers mean.
    package enum Kind: String, Sendable {
        case counter, gauge, histogram
    }

    /// One value that is read when somebody scrapes.
    package struct Sample: Sendable {
        let labels: [Label]
        let value: Double

        /// Takes both as they are.
        package init(_ labels: Labels, _ value: Double) {
            self.labels = labels.map { Label(name: $0.key, value: $0.value) }
            self.value = value
        }
    }

    struct Label: Sendable, Hashable {
        let name: String
        let value: String
    }

    enum Source: Sendable {
        case counter(Counter, isHiddenAtZero: Bool)
        case gauge(Gauge)
        case histogram(Histogram)
        case read(@Sendable () -> [Sample])
    }

    struct Series: Sendable {
        let labels: [Label]
        let source: Source
    }

    struct Family: Sendable {
        let name: String
        let help: String
        let kind: Kind
        private(set) var series: [Series] = []
        private var places: [[Label]: Int] = [:]

        init(name: String, help: String, kind: Kind) {
            self.name = name
            self.help = help
            self.kind = kind
        }

        /// Adds a series, unless there is one of these labels.
        ///
        /// - Returns: the source of the one that is there now.
        mutating func add(_ labels: [Label], _ source: Source) -> Source {
            if let place = places[labels] { return series[place].source }
            places[labels] = series.count
            series.append(Series(labels: labels, source: source))
            return source
        }
    }

    private struct State: Sendable {
        var families: [Family] = []
        var places: [String: Int] = [:]

        /// The family of the name, which is made if there is none.
        mutating func place(_ name: String, _ help: String, _ kind: Kind) -> Int {
            if let place = places[name] {
                precondition(families[place].kind == kind, "\(name) is a \(families[place].kind.rawValue) already")
                return place
            }
            places[name] = families.count
            families.append(Family(name: name, help: help, kind: kind))
            return families.count - 1
        }
    }

    private let state = Confined(State())

    /// An empty registry.
    package init() {}

    /// The counter of this name and these labels, which is added if there is none.
    ///
    /// - Parameter appearsWhenUsed: leaves the series out for as long as it is zero.
    package func counter(
        _ name: String, _ help: String, _ labels: Labels = [:], appearsWhenUsed: Bool = false
    ) -> Counter {
        let counter = Counter()
        let source = add(name, help, .counter, labels, .counter(counter, isHiddenAtZero: appearsWhenUsed))
        guard case .counter(let counter, _) = source else { preconditionFailure("\(name) is read elsewhere") }
        return counter
    }

    /// The gauge of this name and these labels, which is added if there is none.
    package func gauge(_ name: String, _ help: String, _ labels: Labels = [:]) -> Gauge {
        guard case .gauge(let gauge) = add(name, help, .gauge, labels, .gauge(Gauge())) else {
            preconditionFailure("\(name) is read elsewhere")
        }
        return gauge
    }

    /// The histogram of this name and these labels, which is added if there is none.
    package func histogram(
        _ name: String, _ help: String, _ labels: Labels = [:], scale: Histogram.Scale
    ) -> Histogram {
        let source = add(name, help, .histogram, labels, .histogram(Histogram(scale: scale)))
        guard case .histogram(let histogram) = source else { preconditionFailure("\(name) is read elsewhere") }
        return histogram
    }

    /// Adds a family whose series are found when somebody scrapes.
    ///
    /// - Parameter read: called by whoever scrapes; it may take other locks.
    package func read(_ name: String, _ help: String, _ kind: Kind, _ read: @escaping @Sendable () -> [Sample]) {
        precondition(kind != .histogram, "the ranges of a histogram are not read")
        state.withState { state in
            let place = state.place(name, help, kind)
            _ = state.families[place].add([], .read(read))
        }
    }

    /// Adds a series whose value is found when somebody scrapes.
    package func read(_ name: String, _ help: String, _ kind: Kind, _ read: @escaping @Sendable () -> Double) {
        self.read(name, help, kind) { [Sample([:], read())] }
    }

    private func add(
        _ name: String, _ help: String, _ kind: Kind, _ labels: Labels, _ source: Source
    ) -> Source {
        let labels = labels.map { Label(name: $0.key, value: $0.value) }
        return state.withState { state in
            let place = state.place(name, help, kind)
            return state.families[place].add(labels, source)
        }
    }

    /// The families in the order in which they were added.
    var families: [Family] { state.withState { $0.families } }
}
