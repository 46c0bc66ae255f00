import Foundation
import Ranks
import Testing
import Training

/// Ranks that are threads of this process.
struct ThreadRanks: Ranks {
    let rank: Int
    private let meeting: Meeting

    var count: Int { meeting.count }
    var countOnMachine: Int { count }

    /// - Returns: so many that belong together.
    static func all(_ count: Int) -> [ThreadRanks] {
        let meeting = Meeting(count: count)
        return (0..<count).map { ThreadRanks(rank: $0, meeting: meeting) }
    }

    func gather(_ words: [UInt32]) -> [[UInt32]] { meeting.exchange(words, of: rank) }

    func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
        let all = gather(numbers.map(\.bitPattern))
        for index in numbers.indices {
            numbers[index] = all.dropFirst().reduce(Float(bitPattern: all[0][index])) {
                $0 + Float(bitPattern: $1[index])
            }
        }
    }

    func end() {}
    func abandon() {}

    /// Where they wait for each other.
    // Unchecked: all is touched under the condition's lock.
    private final class Meeting: @unchecked Sendable {
        let count: Int
        private let condition = NSCondition()
        private var words: [[UInt32]]
        private var arrived = 0
        private var round = 0
        /// Of the round that ended last: the next cannot end before all have taken it.
        private var told: [[UInt32]] = []

        init(count: Int) {
            self.count = count
            words = [[UInt32]](repeating: [], count: count)
        }

        func exchange(_ own: [UInt32], of rank: Int) -> [[UInt32]] {
            condition.lock()
            defer { condition.unlock() }
            words[rank] = own
            arrived += 1
            if arrived == count {
                (told, arrived, round) = (words, 0, round + 1)
                condition.broadcast()
            } else {
                let current = round
                while round == current { condition.wait() }
            }
            return told
        }
    }
}

extension TinyTraining {
    /// Trainers that make each step together, and have made none.
    func trainers(
        _ settings: TrainingSettings, count: Int, adapter: AdapterSettings? = AdapterSettings(rank: 2, alpha: 4)
    ) throws -> [Trainer] {
        try ThreadRanks.all(count).map { try trainer(settings, adapter: adapter, ranks: $0) }
    }
}

extension [Trainer] {
    /// Lets all of them do something at once.
    ///
    /// - Returns: what came of it, in their order.
    func together<Result: Sendable>(
        _ body: @escaping @Sendable (Trainer) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            for (index, trainer) in enumerated() { group.addTask { (index, try await body(trainer)) } }
            var results: [Int: Result] = [:]
            for try await (index, result) in group { results[index] = result }
            return try indices.map { try #require(results[$0]) }
        }
    }
}
