/// Scores tasks with an embedder, in each of some modes.
package struct Evaluator: Sendable {
    /// Embeds texts, and tells how far it is.
    package let run: EmbeddingRun
    /// What is scored, as it was read.
    package let tasks: [EvaluationTask]
    /// How rationales are written.
    package let modes: [RationaleMode]
    /// How much of a text is embedded, and how intervals are drawn.
    package let settings: EvaluationSettings

    /// - Throws: `EvaluationError.sameName` where two tasks have one name.
    package init(
        run: EmbeddingRun, tasks: [EvaluationTask], modes: [RationaleMode], settings: EvaluationSettings
    ) throws(EvaluationError) {
        var known: [String: EvaluationTask] = [:]
        for task in tasks {
            if let other = known.updateValue(task, forKey: task.name) {
                throw .sameName(
                    task.name, first: String(other.revision.prefix(12)), second: String(task.revision.prefix(12)))
            }
        }
        self.run = run
        self.tasks = tasks.map { $0.cut(to: WordLimit(words: settings.maxWords)) }
        self.modes = modes
        self.settings = settings
    }

    /// Embeds each distinct text once for each run of each mode, and scores all tasks. Faithfulness needs rationales: a
    /// mode without them leaves it out.
    ///
    /// - Throws: `EvaluationError`
    package func evaluate() async throws(EvaluationError) -> EvaluationResults {
        var results = EvaluationResults(model: run.embedder.identity, settings: settings)
        for mode in modes {
            let tasks = tasks.filter { mode.kind != .none || $0.kind != .faithfulness }
            guard !tasks.isEmpty else { continue }
            var evidence = [[Evidence]](repeating: [], count: tasks.count)
            var times = [Double](repeating: 0, count: tasks.count)
            var statistics: [RationaleStatistics] = []
            for number in mode.runs {
                let label = mode.kind == .sampled ? "sampled, seed \(number)" : mode.kind.rawValue
                let start = ContinuousClock.now
                let texts = try await run.embed(tasks.flatMap(\.texts), label: label) { text in
                    mode.settings(for: text, run: number)
                }
                let perText = (ContinuousClock.now - start) / .seconds(1) / Double(max(1, texts.statistics.textCount))
                statistics.append(texts.statistics)
                for (index, task) in tasks.enumerated() {
                    let start = ContinuousClock.now
                    evidence[index].append(try await self.evidence(of: task, texts, label: label))
                    times[index] += (ContinuousClock.now - start) / .seconds(1)
                    times[index] += perText * Double(Set(task.texts).count)
                }
            }
            for (index, task) in tasks.enumerated() {
                results.tasks.append(
                    TaskResult(
                        name: task.name, revision: task.revision, kind: task.kind, metric: TaskScorer.metric(of: task),
                        mode: mode, evidence: evidence[index],
                        estimate: settings.bootstrap.estimate(of: evidence[index], name: task.name),
                        evaluationTime: times[index]))
            }
            results.rationales.append(ModeStatistics(mode: mode, runs: statistics))
        }
        return results
    }

    private func evidence(
        of task: EvaluationTask, _ texts: EmbeddedTexts, label: String
    ) async throws(EvaluationError) -> Evidence {
        guard case .faithfulness(let own) = task.data else {
            return TaskScorer.evidence(of: task, texts, seed: settings.bootstrap.seed)
        }
        let rationales = own.map(texts.rationale).filter { !TaskScorer.isBlank($0) }
        let plain = try await run.embed(own + rationales, label: "\(label), rationales alone") { _ in
            .withoutRationale
        }
        return TaskScorer.faithfulness(of: own, rationale: texts.rationale, plain: plain)
    }
}
