/// Parts of some things that follow each other, a part a rank.
package enum Shares {
    /// - Parameters:
    ///   - costs: what each of the things takes, at least 0.
    ///   - count: how many parts, at least one.
    /// - Returns: the parts in order, some of them perhaps empty: about as much in each as wholes allow.
    package static func ranges(of costs: [Int], among count: Int) -> [Range<Int>] {
        let total = costs.reduce(0, +)
        var (first, passed) = (0, 0)
        return (1...count).map { part in
            var end = first
            // A thing is of the part that its middle lies in.
            while end < costs.count, part == count || (2 * passed + costs[end]) * count < 2 * total * part {
                passed += costs[end]
                end += 1
            }
            defer { first = end }
            return first..<end
        }
    }
}
