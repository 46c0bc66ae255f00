import Confinement
import Evaluation

/// Counts words: texts that share words are alike. Its rationales repeat the words of the text, unless they are given.
struct FakeEmbedder: TextEmbedder {
    var identity = EmbedderIdentity(name: "fake", fingerprint: String(repeating: "f", count: 64), compute: "none")
    var concurrency = 3
    /// By text.
    var rationales: [String: String] = [:]
    /// By text; in place of counts.
    var vectors: [String: [Float]] = [:]
    /// Added to a channel of its own, more for larger seeds: what is drawn.
    var noise: Float = 0
    let calls = Confined<[Call]>([])

    struct Call: Equatable {
        let text: String
        let settings: RationaleSettings
    }

    func embed(_ text: String, as settings: RationaleSettings) async throws(EvaluationError) -> EmbeddedText {
        calls.withState { $0.append(Call(text: text, settings: settings)) }
        if text == "fail" { throw .notFinite(what: "fail") }
        var vector = vectors[text] ?? Self.counts(text)
        vector[0] += noise * Float(settings.seed % 1000) / 1000
        let rationale = settings.maxRationaleTokens > 0 ? rationales[text] ?? "about \(text)" : ""
        return EmbeddedText(
            vector: vector, rationale: rationale, rationaleTokens: rationale.split(separator: " ").count,
            isCutOff: rationale.hasSuffix("…"), isTruncated: text.hasPrefix("long"))
    }

    /// 64 channels; the first is that of no word.
    static func counts(_ text: String) -> [Float] {
        var vector = [Float](repeating: 0, count: 64)
        vector[1] = 0.1
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            let hash = word.utf8.reduce(UInt64(5381)) { $0 &* 33 &+ UInt64($1) }
            vector[2 + Int(hash % 62)] += 1
        }
        return vector
    }
}

/// The task of some lines.
func task(_ lines: [String], kind: TaskKind? = nil, name: String = "task") throws(EvaluationError) -> EvaluationTask {
    try TaskFile.parse(Array(lines.joined(separator: "\n").utf8), file: "\(name).jsonl", name: name, kind: kind)
}

/// Scores one task in one mode.
func result(
    of task: EvaluationTask, _ embedder: FakeEmbedder = FakeEmbedder(),
    mode: RationaleMode = RationaleMode(.none, maxRationaleTokens: 0, temperature: 0, seedCount: 1)
) async throws -> TaskResult? {
    let evaluator = try Evaluator(
        run: EmbeddingRun(embedder: embedder), tasks: [task], modes: [mode],
        settings: EvaluationSettings(maxWords: 0, bootstrap: Bootstrap(resamples: 50, seed: 1)))
    return try await evaluator.evaluate().tasks.first
}
