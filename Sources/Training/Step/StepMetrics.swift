import Foundation
import JSON

/// Numbers of one step, in the order in which they are shown.
package struct StepMetrics: Sendable, Equatable {
    /// Names and values.
    package private(set) var values: [(name: String, value: Double)] = []

    /// No numbers.
    package init() {}

    /// The value of a name.
    package subscript(name: String) -> Double? {
        get { values.first { $0.name == name }?.value }
        set {
            if let index = values.firstIndex(where: { $0.name == name }) {
                if let newValue { values[index].value = newValue } else { values.remove(at: index) }
            } else if let newValue {
                values.append((name, newValue))
            }
        }
    }

    /// Adds those of another; a name that both have takes the other's value.
    package mutating func merge(_ other: StepMetrics) {
        for (name, value) in other.values { self[name] = value }
    }

    package static func == (first: StepMetrics, second: StepMetrics) -> Bool {
        first.values.count == second.values.count
            && zip(first.values, second.values).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    }
}

/// Mean and its standard error.
struct MeanAndError {
    let mean: Double
    let error: Double

    /// Of no numbers both are 0.
    init(_ values: [Double]) {
        let count = Double(max(values.count, 1))
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        error = values.count > 1 ? (squares / (count - 1) / count).squareRoot() : 0
    }
}
