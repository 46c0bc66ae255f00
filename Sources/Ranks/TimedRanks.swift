import Confinement

/// Ranks, and how long they take: how long one waits for the slowest, and how long what is told takes then.
package final class TimedRanks: Ranks {
    /// In seconds.
    package struct Times: Sendable, Equatable {
        /// Until all had come.
        package var waiting = 0.0
        /// From then on.
        package var communication = 0.0
    }

    private let ranks: any Ranks
    private let times = Confined(Times())

    package init(_ ranks: any Ranks) {
        self.ranks = ranks
    }

    package var rank: Int { ranks.rank }
    package var count: Int { ranks.count }
    package var countOnMachine: Int { ranks.countOnMachine }
    package func gather(_ words: [UInt32]) -> [[UInt32]] { timed { ranks.gather(words) } }
    package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) { timed { ranks.sum(numbers) } }
    package func end() { ranks.end() }
    package func abandon() { ranks.abandon() }

    /// Times begin anew.
    package func forgetTimes() { times.withState { $0 = Times() } }

    /// The times so far, in the mean over all ranks.
    package func meanTimes() -> Times {
        let own = times.withState { $0 }
        let all = ranks.joined([Float(own.waiting), Float(own.communication)])
        func mean(_ first: Int) -> Double {
            stride(from: first, to: all.count, by: 2).reduce(0) { $0 + Double(all[$1]) } / Double(count)
        }
        return Times(waiting: mean(0), communication: mean(1))
    }

    private func timed<Result>(_ exchange: () -> Result) -> Result {
        let began = ContinuousClock.now
        ranks.meet()
        let met = ContinuousClock.now
        let result = exchange()
        let ended = ContinuousClock.now
        times.withState { times in
            times.waiting += (met - began) / .seconds(1)
            times.communication += (ended - met) / .seconds(1)
        }
        return result
    }
}
