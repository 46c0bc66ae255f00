/// What an evaluation found.
package struct EvaluationResults: Sendable, Equatable {
    /// What embedded.
    package var model: EmbedderIdentity
    /// How it was measured.
    package var settings: EvaluationSettings
    /// One for each task and mode, in the order of the modes.
    package var tasks: [TaskResult] = []
    /// One for each mode.
    package var rationales: [ModeStatistics] = []
    /// Of plain text, if it was asked for.
    package var perplexity: PerplexityResult?
    /// From the base model, if it was asked for.
    package var divergence: DivergenceResult?

    /// No results yet.
    package init(model: EmbedderIdentity, settings: EvaluationSettings) {
        self.model = model
        self.settings = settings
    }

    /// The modes that there are results of, in the order in which they were measured.
    package var modes: [RationaleMode] {
        var modes: [RationaleMode] = []
        for task in tasks where !modes.contains(task.mode) { modes.append(task.mode) }
        return modes
    }

    /// The results of one mode.
    package func tasks(of mode: RationaleMode) -> [TaskResult] { tasks.filter { $0.mode == mode } }
}

/// How an evaluation was measured.
package struct EvaluationSettings: Sendable, Equatable {
    /// Texts were cut to so many words; 0: they were not.
    package var maxWords: Int
    /// How intervals were drawn.
    package var bootstrap: Bootstrap

    /// Takes the values as they are.
    package init(maxWords: Int, bootstrap: Bootstrap) {
        self.maxWords = maxWords
        self.bootstrap = bootstrap
    }
}

/// The score of a task in one mode, and what it was computed from.
package struct TaskResult: Sendable, Equatable {
    /// The task's name.
    package let name: String
    /// The digest of its file.
    package let revision: String
    package let kind: TaskKind
    package let metric: Metric
    package let mode: RationaleMode
    /// One for each run of the mode, all of the same units.
    package let evidence: [Evidence]
    /// The mean over runs, a fraction, and its interval over resampled units.
    package let estimate: Estimate
    /// In seconds: scoring, and the task's share of the time in which all texts were embedded.
    package let evaluationTime: Double

    /// Takes the parts as they are.
    package init(
        name: String, revision: String, kind: TaskKind, metric: Metric, mode: RationaleMode, evidence: [Evidence],
        estimate: Estimate, evaluationTime: Double
    ) {
        self.name = name
        self.revision = revision
        self.kind = kind
        self.metric = metric
        self.mode = mode
        self.evidence = evidence
        self.estimate = estimate
        self.evaluationTime = evaluationTime
    }

    /// The score of each run.
    package var runScores: [Double] { evidence.map(\.score) }

    /// The standard deviation of the runs' scores, of a sample; nil of one run.
    package var runDeviation: Double? {
        let scores = runScores
        guard scores.count > 1 else { return nil }
        let mean = scores.reduce(0, +) / Double(scores.count)
        return (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count - 1)).squareRoot()
    }
}

/// What the rationales of a mode were like.
package struct ModeStatistics: Sendable, Equatable {
    package let mode: RationaleMode
    /// Of each run.
    package let runs: [RationaleStatistics]

    /// Takes the parts as they are.
    package init(mode: RationaleMode, runs: [RationaleStatistics]) {
        self.mode = mode
        self.runs = runs
    }
}

/// How well a model foresees plain text.
package struct PerplexityResult: Sendable, Equatable {
    /// The file's name.
    package let file: String
    /// Tokens that were foreseen: all but the first of each window.
    package let tokens: Int
    /// Tokens of a window at most.
    package let window: Int
    /// Mean of the negative logarithms of the tokens' probabilities, in nats.
    package let meanLoss: Double
    /// Bits for each byte of the text that was foreseen, which models of different vocabularies can be compared by.
    package let bitsPerByte: Double

    /// Takes the values as they are.
    package init(file: String, tokens: Int, window: Int, meanLoss: Double, bitsPerByte: Double) {
        self.file = file
        self.tokens = tokens
        self.window = window
        self.meanLoss = meanLoss
        self.bitsPerByte = bitsPerByte
    }
}

/// How far a checkpoint has moved from its base, on what the base answers.
package struct DivergenceResult: Sendable, Equatable {
    /// The base's `name@fingerprint`.
    package let base: String
    /// The file of instructions.
    package let file: String
    /// Instructions that the base answered.
    package let instructions: Int
    /// Places that were compared: each token of the answers, and what follows the last one.
    package let tokens: Int
    /// The mean over tokens of KL(checkpoint ‖ base), in nats.
    package let fromBase: Double
    /// The mean over tokens of KL(base ‖ checkpoint), in nats.
    package let toBase: Double
    /// The share of tokens that both find likeliest.
    package let agreement: Double

    /// Takes the values as they are.
    package init(
        base: String, file: String, instructions: Int, tokens: Int, fromBase: Double, toBase: Double,
        agreement: Double
    ) {
        self.base = base
        self.file = file
        self.instructions = instructions
        self.tokens = tokens
        self.fromBase = fromBase
        self.toBase = toBase
        self.agreement = agreement
    }
}
