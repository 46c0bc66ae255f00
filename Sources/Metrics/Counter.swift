import Synchronization

/// A number that only grows, added to from any thread without a lock.
package final class Counter: Sendable {
    private let atomic = Atomic<Int>(0)

    /// A counter at zero, of no registry: see ``Registry/counter(_:_:_:appearsWhenUsed:)``.
    package init() {}

    /// The sum so far.
    package var value: Int { atomic.load(ordering: .relaxed) }

    /// - Parameter amount: not negative.
    package func add(_ amount: Int = 1) {
        // Relaxed: nothing else is read on the strength of a counter.
        atomic.wrappingAdd(amount, ordering: .relaxed)
    }
}

/// A number that goes up and down, changed from any thread without a lock.
package final class Gauge: Sendable {
    private let atomic = Atomic<Int>(0)

    /// A gauge at zero, of no registry: see ``Registry/gauge(_:_:_:)``.
    package init() {}

    /// The number at this moment.
    package var value: Int { atomic.load(ordering: .relaxed) }

    /// Adds a number, which may be negative.
    package func add(_ amount: Int) {
        atomic.wrappingAdd(amount, ordering: .relaxed)
    }
}
