import Engine

/// What is measured.
package struct BenchmarkPlan: Sendable, Equatable {
    /// How many texts are computed at once: a measurement for each.
    package let concurrencies: [Int]
    /// Tokens of each prompt.
    package let promptTokens: Int
    /// Tokens of each rationale; the model's own end is not heeded.
    package let rationaleTokens: Int
    /// How often prefill and decoding are measured.
    package let rounds: Int
    /// Texts of the whole job; nil takes four for each client, and at least 16.
    package let texts: Int?

    /// - Throws: `BenchmarkError.noConcurrency`, `.outOfRange`, in the words of the command line.
    package init(
        concurrencies: [Int], promptTokens: Int, rationaleTokens: Int, rounds: Int, texts: Int? = nil
    ) throws(BenchmarkError) {
        guard !concurrencies.isEmpty else { throw .noConcurrency }
        for concurrency in concurrencies {
            try require(concurrency, in: 1...256, "--concurrency")
        }
        try require(promptTokens, in: 1...1_000_000, "--prompt-tokens")
        try require(rationaleTokens, in: 1...1_000_000, "--rationale-tokens")
        try require(rounds, in: 1...1000, "--rounds")
        if let texts { try require(texts, in: 1...1_000_000, "--texts") }
        self.concurrencies = concurrencies
        self.promptTokens = promptTokens
        self.rationaleTokens = rationaleTokens
        self.rounds = rounds
        self.texts = texts
    }

    /// Whether prompt and rationale fit a model.
    ///
    /// - Throws: `BenchmarkError.contextTooShort`
    package func check(contextLength: Int) throws(BenchmarkError) {
        guard promptTokens + rationaleTokens <= contextLength else {
            throw .contextTooShort(
                promptTokens: promptTokens, rationaleTokens: rationaleTokens, contextLength: contextLength)
        }
    }

    /// Texts of the whole job.
    package func textCount(concurrency: Int) -> Int { texts ?? max(16, 4 * concurrency) }

    /// The server's limits, made to fit so many texts at once.
    package func limits(concurrency: Int) -> BatchScheduler.Limits {
        BatchScheduler.Limits(
            maxLiveRequests: concurrency,
            maxBatchTokens: concurrency * (promptTokens + decodedTokens(concurrency: concurrency)),
            maxStepTokens: stepTokens(concurrency: concurrency), maxRequests: concurrency)
    }

    /// Tokens that each text writes while decoding is measured: more than asked for, so that the first has not ended when
    /// the last begins, and all write together for long enough.
    package func decodedTokens(concurrency: Int) -> Int {
        // A step that all rows write in leaves the rest of its tokens to prompts.
        let promptTokensOfStep = stepTokens(concurrency: concurrency) - concurrency
        let promptSteps = (concurrency * promptTokens + promptTokensOfStep - 1) / promptTokensOfStep
        return rationaleTokens + promptSteps + 2
    }

    /// That of the server, as long as it leaves prompts room beside the rows that write.
    private func stepTokens(concurrency: Int) -> Int { max(256, 2 * concurrency) }
}

private func require(_ value: Int, in range: ClosedRange<Int>, _ option: String) throws(BenchmarkError) {
    guard range.contains(value) else { throw .outOfRange(option: option, value: value, allowed: range) }
}
