/// Embeds distinct texts once each, as many at a time as the embedder wants.
package struct EmbeddingRun: Sendable {
    /// What embeds.
    package let embedder: any TextEmbedder
    /// Where vectors of earlier runs are kept, if they are.
    package let cache: VectorCache?
    /// Told after every text.
    package let progress: @Sendable (EmbeddingProgress) -> Void

    /// Takes the parts as they are.
    package init(
        embedder: any TextEmbedder, cache: VectorCache? = nil,
        progress: @escaping @Sendable (EmbeddingProgress) -> Void = { _ in }
    ) {
        self.embedder = embedder
        self.cache = cache
        self.progress = progress
    }

    /// Embeds each text with settings of its own, in order.
    ///
    /// - Parameter label: names the run in its progress.
    /// - Throws: `EvaluationError`, that of the first text that fails; the others are given up.
    package func embed(
        _ texts: [String], label: String, _ settings: @escaping @Sendable (String) -> RationaleSettings
    ) async throws(EvaluationError) -> EmbeddedTexts {
        let distinct = distinct(texts)
        let start = ContinuousClock.now
        var embedded = [EmbeddedText?](repeating: nil, count: distinct.count)
        var pending: [(index: Int, text: String, settings: RationaleSettings)] = []
        for (index, text) in distinct.enumerated() {
            let settings = settings(text)
            embedded[index] = cache?.embedding(of: text, as: settings)
            if embedded[index] == nil { pending.append((index, text, settings)) }
        }
        let total = pending.count
        let outcome = await withTaskGroup(
            of: (index: Int, outcome: Result<EmbeddedText, EvaluationError>).self,
            returning: Result<Void, EvaluationError>.self
        ) { group in
            var (rest, done) = (pending[...], 0)
            func addTask() {
                guard let (index, text, settings) = rest.popFirst() else { return }
                group.addTask {
                    do throws(EvaluationError) {
                        let result = try await embedder.embed(text, as: settings)
                        try cache?.keep(result, of: text, as: settings)
                        return (index, .success(result))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for _ in 0..<embedder.concurrency { addTask() }
            while let (index, outcome) = await group.next() {
                switch outcome {
                case .success(let result): embedded[index] = result
                case .failure(let error):
                    group.cancelAll()
                    return .failure(error)
                }
                done += 1
                progress(
                    EmbeddingProgress(label: label, done: done, total: total, elapsed: ContinuousClock.now - start))
                addTask()
            }
            return .success(())
        }
        try outcome.get()
        return try EmbeddedTexts(distinct, embedded.compactMap(\.self))
    }

    private func distinct(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        return texts.filter { seen.insert($0).inserted }
    }
}

/// How far a run has come.
package struct EmbeddingProgress: Sendable, Equatable, CustomStringConvertible {
    /// Names the run.
    package let label: String
    /// Texts that are embedded.
    package let done: Int
    /// Texts that are to be embedded.
    package let total: Int
    /// Since the run began.
    package let elapsed: Duration

    /// Takes the values as they are.
    package init(label: String, done: Int, total: Int, elapsed: Duration) {
        self.label = label
        self.done = done
        self.total = total
        self.elapsed = elapsed
    }

    /// Texts a second so far.
    package var rate: Double {
        let seconds = elapsed / .seconds(1)
        return seconds > 0 ? Double(done) / seconds : 0
    }

    /// For example `greedy: 128 of 512 texts, 6.4/s, 1:00 left`.
    package var description: String {
        let tenths = Int((rate * 10).rounded())
        let left = rate > 0 ? Int((Double(total - done) / rate).rounded()) : 0
        let seconds = left % 60
        return "\(label): \(done) of \(total) texts, \(tenths / 10).\(tenths % 10)/s, "
            + "\(left / 60):\(seconds < 10 ? "0" : "")\(seconds) left"
    }
}
