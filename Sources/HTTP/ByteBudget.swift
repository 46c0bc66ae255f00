import Synchronization

/// What all connections of a server together may hold of requests and responses.
package final class ByteBudget: Sendable {
    /// In bytes.
    package let limit: Int
    private let used = Atomic<Int>(0)

    /// Nothing is held at first.
    package init(limit: Int) {
        self.limit = limit
    }

    /// How much is held, in bytes.
    package var byteCount: Int { used.load(ordering: .relaxed) }

    /// Holds so many bytes more, unless that were too many.
    package func reserve(_ count: Int) -> Bool {
        guard add(count) <= limit else {
            release(count)
            return false
        }
        return true
    }

    /// Holds so many bytes more, for they are there already: what comes next is then refused.
    ///
    /// - Returns: how many are held now.
    @discardableResult
    package func add(_ count: Int) -> Int {
        used.wrappingAdd(count, ordering: .relaxed).newValue
    }

    /// Gives bytes back.
    package func release(_ count: Int) {
        used.wrappingSubtract(count, ordering: .relaxed)
    }
}
