import ArgumentParser
import Transformer

/// - Throws: `ValidationError`, in one line with the option and both bounds.
package func require(_ value: Int, in allowed: ClosedRange<Int>, _ option: String) throws {
    guard allowed.contains(value) else {
        throw ValidationError("\(option) is \(value), allowed are \(allowed.lowerBound) to \(allowed.upperBound)")
    }
}

extension Precision: ExpressibleByArgument {}
