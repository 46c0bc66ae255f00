/// The processes that train together, as one of them sees them. What one of them calls all call, in the same order: each call
/// waits for the others.
package protocol Ranks: Sendable {
    /// This one's number, from 0.
    var rank: Int { get }
    /// How many there are.
    var count: Int { get }
    /// How many of them are on this machine.
    var countOnMachine: Int { get }

    /// Tells all ranks some words, as many as each likes.
    ///
    /// - Returns: the words of every rank, by rank.
    func gather(_ words: [UInt32]) -> [[UInt32]]

    /// Adds up numbers of all ranks, in the order of the ranks, so that all have the same bits.
    ///
    /// - Parameter numbers: as many in every rank; the sums afterwards.
    func sum(_ numbers: UnsafeMutableBufferPointer<Float>)

    /// Says that nothing will be told any more.
    func end()

    /// Ends all ranks' processes, this one among them, for it cannot go on and they would wait for it; does nothing where it is
    /// the only one.
    func abandon()
}

extension Ranks {
    /// Whether it is this one that writes the run's files.
    package var isFirst: Bool { rank == 0 }

    /// Adds up the numbers of many places as of one: each exchange waits for all ranks, so there are to be few.
    package func sum(_ places: [UnsafeMutableBufferPointer<Float>]) {
        guard count > 1 else { return }
        var rest = places[...]
        while !rest.isEmpty {
            var size = 0
            let part = rest.prefix { place in
                defer { size += place.count }
                return size < Self.sizeOfSum
            }
            rest = rest.dropFirst(part.count)
            var numbers = part.flatMap { Array($0) }
            numbers.withUnsafeMutableBufferPointer { sum($0) }
            var first = 0
            for place in part {
                _ = place.update(fromContentsOf: numbers[first..<first + place.count])
                first += place.count
            }
        }
    }

    /// Numbers that are enough for an exchange.
    private static var sizeOfSum: Int { 1 << 22 }

    /// Waits for the others.
    package func meet() { _ = gather([]) }

    /// The numbers of all ranks, one rank's after the other's.
    package func joined(_ numbers: [Float]) -> [Float] {
        guard count > 1 else { return numbers }
        return gather(numbers.map(\.bitPattern)).flatMap { $0.map { Float(bitPattern: $0) } }
    }

    /// The sum of what all ranks count.
    package func total(_ number: Int) -> Int {
        gather([UInt32(clamping: number)]).reduce(0) { $0 + $1.reduce(0) { $0 + Int($1) } }
    }

    /// - Parameter words: only the first rank's count.
    /// - Returns: what the first rank said.
    package func ofFirst(_ words: @autoclosure () -> [UInt32]) -> [UInt32] {
        gather(isFirst ? words() : [])[0]
    }
}

/// A process that trains by itself.
package struct SingleRank: Ranks {
    package let rank = 0
    package let count = 1
    package let countOnMachine = 1

    package init() {}

    package func gather(_ words: [UInt32]) -> [[UInt32]] { [words] }
    package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {}
    package func end() {}
    package func abandon() {}
}
