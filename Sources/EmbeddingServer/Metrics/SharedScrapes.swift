import Metrics

/// Makes one exposition for all who wait for one: it is a tenth of a megabyte, and thousands may ask at once.
///
/// Each gets one that was begun after it had asked: what it has done before is counted in it.
package actor SharedScrapes {
    private let registry: Registry
    /// The exposition that has not begun.
    private var next: Task<[UInt8], Never>?

    /// Of this registry's series.
    package init(_ registry: Registry) {
        self.registry = registry
    }

    /// All series, in Prometheus's text format.
    package func exposition() async -> [UInt8] {
        // It runs on this actor: behind the calls that came while the one before was made, which join it here.
        let task = next ?? Task { begin() }
        next = task
        return await task.value
    }

    private func begin() -> [UInt8] {
        next = nil
        return registry.exposition
    }
}
