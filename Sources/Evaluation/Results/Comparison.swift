/// Two results of the same tasks, unit against unit.
package struct Comparison: Sendable, Equatable {
    /// A difference of scores: the second's less the first's.
    package struct Difference: Sendable, Equatable {
        /// The first's score, a fraction.
        package let first: Double
        /// The second's score, a fraction.
        package let second: Double
        /// Their difference, with its interval over units that are resampled for both alike.
        package let difference: Estimate
        /// The share of resamples in which the second is better; of those in which both are equal, half.
        package let probability: Double

        init(first: Double, second: Double, resampled: [Double]) {
            self.first = first
            self.second = second
            difference = Estimate(value: second - first, resampled: resampled)
            let better = resampled.reduce(0.0) { $0 + ($1 > 0 ? 1 : $1 == 0 ? 0.5 : 0) }
            probability = resampled.isEmpty ? 0.5 : better / Double(resampled.count)
        }
    }

    /// One task's difference.
    package struct Task: Sendable, Equatable {
        package let name: String
        package let kind: TaskKind
        package let metric: Metric
        package let difference: Difference
    }

    /// In the order of the first results.
    package let tasks: [Task]
    /// Of the mean over tasks; nil where none of them belongs to it.
    package let average: Difference?

    /// Compares the tasks that both have.
    ///
    /// - Parameters:
    ///   - first: results of one mode.
    ///   - second: results of one mode, which may be another.
    ///   - names: of the two, for errors.
    /// - Throws: `EvaluationError.nothingInCommon`, `.incomparable`
    package init(
        _ first: [TaskResult], _ second: [TaskResult], bootstrap: Bootstrap, names: (first: String, second: String)
    ) throws(EvaluationError) {
        let others = Dictionary(second.map { ($0.name, $0) }) { first, _ in first }
        var tasks: [Task] = []
        var averaged: [(first: Double, second: Double, resampled: [Double])] = []
        for task in first {
            guard let other = others[task.name] else { continue }
            try Self.check(task, other)
            let pairs = zip(
                bootstrap.scores(of: task.evidence, name: task.name),
                bootstrap.scores(of: other.evidence, name: task.name))
            let resampled = pairs.map { $1 - $0 }
            let scores = (first: meanScore(task.evidence), second: meanScore(other.evidence))
            tasks.append(
                Task(
                    name: task.name, kind: task.kind, metric: task.metric,
                    difference: Difference(first: scores.first, second: scores.second, resampled: resampled)))
            if task.kind.isAveraged { averaged.append((scores.first, scores.second, resampled)) }
        }
        guard !tasks.isEmpty else { throw .nothingInCommon(first: names.first, second: names.second) }
        self.tasks = tasks
        let count = Double(averaged.count)
        average =
            averaged.isEmpty
            ? nil
            : Difference(
                first: averaged.reduce(0) { $0 + $1.first } / count,
                second: averaged.reduce(0) { $0 + $1.second } / count,
                resampled: (0..<bootstrap.resamples).map { index in
                    averaged.reduce(0) { $0 + $1.resampled[index] } / count
                })
    }

    private static func check(_ task: TaskResult, _ other: TaskResult) throws(EvaluationError) {
        func require(_ what: String, _ first: String, _ second: String) throws(EvaluationError) {
            guard first == second else {
                throw .incomparable(task: task.name, what: what, first: first, second: second)
            }
        }
        try require("the rows", task.revision, other.revision)
        try require("the metric", task.metric.rawValue, other.metric.rawValue)
        try require("the number of units", "\(task.evidence[0].count)", "\(other.evidence[0].count)")
    }
}

extension TaskKind {
    /// Whether a task of the kind counts in the mean over tasks. Faithfulness does not: without rationales there is
    /// none.
    package var isAveraged: Bool { self != .faithfulness }
}

extension EvaluationResults {
    /// The mean over the tasks of a mode, with its interval over the units of all of them; nil where there is none.
    package func average(of mode: RationaleMode) -> Estimate? {
        let averaged = tasks(of: mode).filter(\.kind.isAveraged)
        guard !averaged.isEmpty else { return nil }
        let count = Double(averaged.count)
        let resampled = averaged.map { settings.bootstrap.scores(of: $0.evidence, name: $0.name) }
        return Estimate(
            value: averaged.reduce(0) { $0 + $1.estimate.value } / count,
            resampled: (0..<settings.bootstrap.resamples).map { index in
                resampled.reduce(0) { $0 + $1[index] } / count
            })
    }
}
