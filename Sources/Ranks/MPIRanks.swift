#if MPI
    import CMPI

    /// The processes that `mpirun` started. An error of MPI ends them all with its own message, as MPI does by default.
    package struct MPIRanks: Ranks {
        package let rank: Int
        package let count: Int
        package let countOnMachine: Int

        /// Begins; once a process.
        package init() {
            let place = grace_mpi_begin()
            rank = Int(place.rank)
            count = Int(place.count)
            countOnMachine = Int(place.count_on_machine)
        }

        package func gather(_ words: [UInt32]) -> [[UInt32]] {
            var counts = [Int32](repeating: 0, count: count)
            grace_mpi_gather_count(Int32(words.count), &counts)
            let ends = counts.reduce(into: [0]) { ends, count in ends.append(ends[ends.count - 1] + Int(count)) }
            var all = [UInt32](repeating: 0, count: ends[count])
            grace_mpi_gather_words(words, Int32(words.count), &all, counts, ends.map { Int32($0) })
            return (0..<count).map { Array(all[ends[$0]..<ends[$0 + 1]]) }
        }

        /// What is summed at once: it bounds what is in memory twice.
        private static let blockSize = 1 << 22

        package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
            for first in stride(from: 0, to: numbers.count, by: Self.blockSize) {
                let end = min(first + Self.blockSize, numbers.count)
                sum(block: UnsafeMutableBufferPointer(rebasing: numbers[first..<end]))
            }
        }

        /// Each rank adds up a part of its own, in the order of the ranks, and tells the others: no algorithm of MPI's decides
        /// in which order.
        private func sum(block: UnsafeMutableBufferPointer<Float>) {
            let bounds = (0...count).map { block.count * $0 / count }
            let counts = (0..<count).map { Int32(bounds[$0 + 1] - bounds[$0]) }
            let offsets = bounds.map { Int32($0) }
            let (first, length) = (bounds[rank], Int(counts[rank]))
            var parts = [Float](repeating: 0, count: length * count)
            grace_mpi_exchange_parts(
                block.baseAddress, counts, offsets, &parts, [Int32](repeating: Int32(length), count: count),
                (0..<count).map { Int32($0 * length) })
            for index in 0..<length {
                block[first + index] = (1..<count).reduce(parts[index]) { $0 + parts[$1 * length + index] }
            }
            grace_mpi_gather_parts(block.baseAddress, counts, offsets)
        }

        package func end() { grace_mpi_end() }
        package func abandon() { grace_mpi_abandon() }
    }
#endif
