/// Where the held-out part ends, once all examples are known. Pure.
struct SplitBoundary: Sendable, Equatable {
    private enum Boundary: Equatable {
        /// Hashes below it.
        case hash(UInt64)
        /// Positions below it.
        case position(Int)
    }

    private let plan: SplitPlan
    private let boundary: Boundary

    /// The split of an example.
    ///
    /// - Parameter position: its number among those that were read, from 0.
    func split(position: Int, query: TextDigest) -> DatasetSplit {
        switch boundary {
        case .hash(let bound): plan.hash(query) < bound ? .heldOut : .training
        case .position(let bound): position < bound ? .heldOut : .training
        }
    }

    /// Sees all examples, and keeps no more of them than the count that is held out.
    struct Finder: Sendable {
        private let plan: SplitPlan
        private var hashes: SmallestHashes?

        init(_ plan: SplitPlan) {
            self.plan = plan
            // One more: the first hash that is not held out.
            if plan.rule == .random, case .count(let count) = plan.heldOut { hashes = SmallestHashes(limit: count + 1) }
        }

        /// Takes an example that is kept.
        mutating func add(query: TextDigest) {
            hashes?.insert(plan.hash(query))
        }

        /// - Parameter readCount: how many examples were read, those that were dropped among them.
        mutating func boundary(readCount: Int) -> SplitBoundary {
            let boundary: Boundary =
                switch (plan.rule, plan.heldOut) {
                case (.head, .count(let count)): .position(count)
                case (.head, .fraction(let fraction)): .position(Int(fraction * Double(readCount)))
                case (.random, .fraction(let fraction)): .hash(UInt64(fraction * 0x1p64))
                // All examples of a query have one hash: where the last of them would be too many, none is held out.
                case (.random, .count): .hash(hashes?.largest() ?? .max)
                }
            return SplitBoundary(plan: plan, boundary: boundary)
        }
    }
}

/// The smallest numbers of many, in memory for twice as many as asked for.
struct SmallestHashes: Sendable {
    private let limit: Int
    private var hashes: [UInt64] = []
    /// No number above it is among the smallest.
    private var bound = UInt64.max

    /// - Parameter limit: how many to keep.
    /// - Precondition: it is at least 1.
    init(limit: Int) {
        precondition(limit > 0, "the smallest \(limit) of many")
        self.limit = limit
    }

    mutating func insert(_ hash: UInt64) {
        guard hash <= bound else { return }
        hashes.append(hash)
        if hashes.count >= 2 * limit { shrink() }
    }

    /// The largest of the smallest; nil where there were fewer than the limit.
    mutating func largest() -> UInt64? {
        shrink()
        return hashes.count == limit ? hashes.last : nil
    }

    private mutating func shrink() {
        hashes.sort()
        hashes.removeLast(max(0, hashes.count - limit))
        if hashes.count == limit, let last = hashes.last { bound = last }
    }
}
