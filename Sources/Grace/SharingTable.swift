/// Which generations are under way, who waits for each, and which results are kept. Pure: no engine, no task, no clock.
///
/// A key has at most one generation under way. It is given up when nobody waits for it any more, and forgotten at once, so
/// that who asks for the key next does not wait for what is being given up.
package struct SharingTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Names a generation for as long as it is under way.
    package typealias GenerationID = UInt64
    /// Names who waits for one generation, until it ends or the waiter leaves.
    package typealias WaiterID = UInt64

    /// Where the result of one key comes from.
    package enum Place: Sendable {
        /// It was computed before.
        case kept(Value)
        /// Of a generation that was under way, or that an equal key of the same claim starts.
        case joined(WaiterID)
        /// Of a generation that starts for this key.
        case started(WaiterID, GenerationID)
    }

    private struct UnderWay {
        let key: Key
        var waiters: [WaiterID]
    }

    private var results: ResultCache<Key, Value>
    private var underWay: [GenerationID: UnderWay] = [:]
    private var generations: [Key: GenerationID] = [:]
    private var awaited: [WaiterID: GenerationID] = [:]
    private var nextGeneration: GenerationID = 0
    private var nextWaiter: WaiterID = 0

    /// An empty table with an empty cache.
    package init(results: ResultCache<Key, Value>) {
        self.results = results
    }

    /// Generations that somebody waits for.
    package var underWayCount: Int { underWay.count }
    /// Results that are kept.
    package var keptCount: Int { results.count }

    /// A place for every key, in order.
    ///
    /// - Parameter start: starts generations for the keys at these indices, all or none; not called where there is nothing
    ///   to start.
    /// - Throws: what `start` throws; nothing is claimed then.
    package mutating func claim<Failure: Error>(
        _ keys: [Key], start: (_ indices: [Int]) throws(Failure) -> Void
    ) throws(Failure) -> [Place] {
        var kept: [Int: Value] = [:]
        var fresh: [Int] = []
        var freshKeys: Set<Key> = []
        for (index, key) in keys.enumerated() {
            if let value = results.value(for: key) {
                kept[index] = value
            } else if generations[key] == nil, freshKeys.insert(key).inserted {
                fresh.append(index)
            }
        }
        if !fresh.isEmpty {
            try start(fresh)
        }
        return keys.enumerated().map { index, key in
            kept[index].map { .kept($0) } ?? wait(for: key)
        }
    }

    /// The values of all keys, if all are kept.
    package mutating func kept(_ keys: [Key]) -> [Value]? {
        var values: [Value] = []
        for key in keys {
            guard let value = results.value(for: key) else { return nil }
            values.append(value)
        }
        return values
    }

    /// What a waiter waits for; nil once that has ended or the waiter has left.
    package func generation(of waiter: WaiterID) -> GenerationID? { awaited[waiter] }

    private mutating func wait(for key: Key) -> Place {
        let waiter = nextWaiter
        nextWaiter += 1
        if let generation = generations[key] {
            awaited[waiter] = generation
            underWay[generation]?.waiters.append(waiter)
            return .joined(waiter)
        }
        let generation = nextGeneration
        nextGeneration += 1
        awaited[waiter] = generation
        generations[key] = generation
        underWay[generation] = UnderWay(key: key, waiters: [waiter])
        return .started(waiter, generation)
    }

    /// Forgets waiters. Those whose generation has ended are none of its business.
    ///
    /// - Returns: the generations that nobody waits for any more: they are to be given up.
    package mutating func leave(_ waiters: [WaiterID]) -> [GenerationID] {
        waiters.compactMap { waiter in
            guard let generation = awaited.removeValue(forKey: waiter) else { return nil }
            underWay[generation]?.waiters.removeAll { $0 == waiter }
            guard let rest = underWay[generation], rest.waiters.isEmpty else { return nil }
            forget(generation)
            return generation
        }
    }

    /// A generation has ended. One that was given up meanwhile is none of its business.
    ///
    /// - Parameter result: kept for those who ask later; nil for a failure, which is not kept.
    /// - Returns: those who wait for the outcome, in the order in which they came.
    package mutating func end(_ generation: GenerationID, result: Value?) -> [WaiterID] {
        guard let ended = forget(generation) else { return [] }
        if let result {
            results.keep(result, for: ended.key)
        }
        for waiter in ended.waiters {
            awaited[waiter] = nil
        }
        return ended.waiters
    }

    @discardableResult
    private mutating func forget(_ generation: GenerationID) -> UnderWay? {
        guard let forgotten = underWay.removeValue(forKey: generation) else { return nil }
        generations[forgotten.key] = nil
        return forgotten
    }
}
