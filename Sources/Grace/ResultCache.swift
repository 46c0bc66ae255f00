/// Values that were computed before, those in use last: within a number of entries and a number of bytes. Pure.
///
/// - Complexity: constant time, whatever it holds.
package struct ResultCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// What the cache must stay within.
    package struct Limits: Sendable, Equatable {
        /// 0 keeps nothing.
        package var entries: Int
        /// As `size` counts them.
        package var bytes: Int

        /// Takes both as they are.
        package init(entries: Int, bytes: Int) {
            self.entries = entries
            self.bytes = bytes
        }
    }

    /// A value in the list from the newest to the oldest; links are places in `entries`.
    private struct Entry {
        let key: Key
        let value: Value
        let bytes: Int
        var newer: Int?
        var older: Int?
    }

    private let limits: Limits
    private let size: @Sendable (Key, Value) -> Int
    private var entries: [Entry?] = []
    private var freePlaces: [Int] = []
    private var places: [Key: Int] = [:]
    private var newest: Int?
    private var oldest: Int?
    /// Bytes of all values that are kept, at most the limit.
    package private(set) var byteCount = 0

    /// An empty cache.
    ///
    /// - Parameter size: what a key and its value take, in bytes.
    package init(limits: Limits, size: @escaping @Sendable (Key, Value) -> Int) {
        self.limits = limits
        self.size = size
    }

    /// Values that are kept, at most the limit.
    package var count: Int { places.count }

    /// The value, which thereby is the one in use last; nil where it was never kept, or was dropped since.
    package mutating func value(for key: Key) -> Value? {
        guard let place = places[key], let entry = entries[place] else { return nil }
        unlink(entry)
        link(place, key: key, value: entry.value, bytes: entry.bytes)
        return entry.value
    }

    /// Keeps a value as the one in use last, in place of the key's earlier one, and drops those longest out of use until
    /// all fit. What is larger than the limit alone is not kept.
    package mutating func keep(_ value: Value, for key: Key) {
        let bytes = size(key, value)
        if let place = places[key] {
            drop(place)
        }
        guard limits.entries > 0, bytes <= limits.bytes else { return }
        while count >= limits.entries || byteCount + bytes > limits.bytes, let oldest {
            drop(oldest)
        }
        let place = freePlaces.popLast() ?? entries.endIndex
        if place == entries.endIndex {
            entries.append(nil)
        }
        places[key] = place
        byteCount += bytes
        link(place, key: key, value: value, bytes: bytes)
    }

    private mutating func drop(_ place: Int) {
        guard let entry = entries[place] else { return }
        unlink(entry)
        entries[place] = nil
        freePlaces.append(place)
        places[entry.key] = nil
        byteCount -= entry.bytes
    }

    private mutating func unlink(_ entry: Entry) {
        if let newer = entry.newer { entries[newer]?.older = entry.older } else { newest = entry.older }
        if let older = entry.older { entries[older]?.newer = entry.newer } else { oldest = entry.newer }
    }

    private mutating func link(_ place: Int, key: Key, value: Value, bytes: Int) {
        entries[place] = Entry(key: key, value: value, bytes: bytes, newer: nil, older: newest)
        if let newest { entries[newest]?.newer = place } else { oldest = place }
        newest = place
    }
}
