/// Lines that are no examples: all counted, the first ones kept.
package struct RefusalCounts: Sendable, Equatable {
    /// A line that is no example.
    package struct Refusal: Sendable, Equatable {
        package let path: String
        package let line: Int
        package let refusal: LineRefusal
    }

    /// How many are kept.
    package static let keptLimit = 20

    /// The first of them.
    package private(set) var first: [Refusal] = []
    /// How many there are for each reason.
    package private(set) var counts: [LineRefusal.Reason: Int] = [:]

    /// None.
    package init() {}

    /// How many there are.
    package var total: Int { counts.values.reduce(0, +) }

    /// Counts one.
    package mutating func add(_ refusal: LineRefusal, path: String, line: Int) {
        counts[refusal.reason, default: 0] += 1
        if first.count < Self.keptLimit { first.append(Refusal(path: path, line: line, refusal: refusal)) }
    }
}
