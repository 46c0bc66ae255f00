import SystemPackage

extension EvaluationResults {
    /// Larger files of results are refused, in bytes.
    package static let sizeLimit = 1 << 28

    /// Reads results that were written before.
    ///
    /// - Throws: `EvaluationError`, naming the file and the member.
    package init(contentsOf path: FilePath) throws(EvaluationError) {
        try self.init(parsing: try bytes(ofFile: path, limit: Self.sizeLimit), file: path.string)
    }

    /// Reads the bytes of a file of that path.
    ///
    /// - Throws: `EvaluationError`, naming the file and the member.
    package init(parsing bytes: [UInt8], file: String) throws(EvaluationError) {
        let root = try FileObject(parsing: bytes, file: file, line: 1, valueLimit: 20_000_000)
        let format = "\(try root.name("format")) \(try root.integer("version"))"
        let expected = "\(Self.format) \(Self.version)"
        guard format == expected else { throw .format(file: file, expected: expected, found: format) }
        let model = try root.object("model")
        let settings = try root.object("settings")
        guard let seed = UInt64(try settings.name("bootstrap_seed")) else {
            throw settings.wrongType("bootstrap_seed", "the digits of a number of 64 bits")
        }
        let resamples = try settings.integer("bootstrap_resamples")
        guard Bootstrap.allowedResamples.contains(resamples) else {
            throw settings.wrongType("bootstrap_resamples", "a number in \(Bootstrap.allowedResamples)")
        }
        self.init(
            model: EmbedderIdentity(
                name: try model.name("name"), fingerprint: try model.name("fingerprint"),
                compute: try model.name("compute")),
            settings: EvaluationSettings(
                maxWords: try settings.integer("max_words"), bootstrap: Bootstrap(resamples: resamples, seed: seed)))
        for object in try root.objects("results") {
            tasks.append(try TaskResult(object))
        }
        for object in try root.objects("rationales") {
            rationales.append(try ModeStatistics(object))
        }
        if root.keys.contains("perplexity") { perplexity = try PerplexityResult(root.object("perplexity")) }
        if root.keys.contains("divergence") { divergence = try DivergenceResult(root.object("divergence")) }
    }
}

extension TaskResult {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        guard let scores = try object.object("scores").objects("test").first else {
            throw object.wrongType("scores", "an object with a list of one object, `test`")
        }
        let interval = try scores.numbers("confidence_interval")
        guard interval.count == 2 else { throw scores.wrongType("confidence_interval", "a list of two numbers") }
        var evidence: [Evidence] = []
        for units in try object.objects("units") {
            evidence.append(try Evidence(units))
        }
        guard let count = evidence.first?.count, count > 0, evidence.allSatisfy({ $0.count == count }) else {
            throw object.wrongType("units", "lists of one length, which is not 0")
        }
        self.init(
            name: try object.name("task_name"), revision: try object.name("dataset_revision"),
            kind: try object.choice("kind", of: TaskKind.self), metric: try object.choice("metric", of: Metric.self),
            mode: try RationaleMode(object.object("mode")), evidence: evidence,
            estimate: Estimate(value: try scores.number("main_score"), low: interval[0], high: interval[1]),
            evaluationTime: try object.number("evaluation_time"))
    }
}

extension Evidence {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        let keys = object.keys
        if keys.contains("scores") {
            self = .scores(try object.numbers("scores"))
        } else if keys.contains("predicted") {
            self = .correlation(predicted: try object.numbers("predicted"), expected: try object.numbers("expected"))
        } else if keys.contains("cosines") {
            self = .decisions(
                cosines: try object.numbers("cosines"), labels: try object.integers("matches").map { $0 != 0 })
        } else {
            self = .clusters(labels: try object.integers("labels"), clusters: try object.integers("clusters"))
        }
        let isEven =
            switch self {
            case .scores: true
            case .correlation(let predicted, let expected): predicted.count == expected.count
            case .decisions(let cosines, let labels): cosines.count == labels.count
            case .clusters(let labels, let clusters): labels.count == clusters.count
            }
        guard isEven else { throw object.wrongType("units", "two lists of one length") }
    }
}

extension RationaleMode {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        let seeds = try object.integer("seeds")
        guard (1...1_000_000).contains(seeds) else { throw object.wrongType("seeds", "a number of at least 1") }
        self.init(
            try object.choice("kind", of: Kind.self), maxRationaleTokens: try object.integer("max_rationale_tokens"),
            temperature: try object.number("temperature"), seedCount: seeds,
            stopWhenStable: object.keys.contains("stop_when_stable") ? try object.number("stop_when_stable") : nil)
    }
}

extension ModeStatistics {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        var runs: [RationaleStatistics] = []
        for run in try object.objects("runs") {
            runs.append(
                RationaleStatistics(
                    textCount: try run.integer("texts"), truncatedCount: try run.integer("truncated_texts"),
                    meanTokens: try run.number("mean_rationale_tokens"), cutOffShare: try run.number("cut_off_share")))
        }
        self.init(mode: try RationaleMode(object.object("mode")), runs: runs)
    }
}

extension PerplexityResult {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        self.init(
            file: try object.name("file"), tokens: try object.integer("tokens"), window: try object.integer("window"),
            meanLoss: try object.number("mean_loss"), bitsPerByte: try object.number("bits_per_byte"))
    }
}

extension DivergenceResult {
    fileprivate init(_ object: FileObject) throws(EvaluationError) {
        self.init(
            base: try object.name("base"), file: try object.name("file"),
            instructions: try object.integer("instructions"), tokens: try object.integer("tokens"),
            fromBase: try object.number("kl_checkpoint_base"), toBase: try object.number("kl_base_checkpoint"),
            agreement: try object.number("agreement"))
    }
}
