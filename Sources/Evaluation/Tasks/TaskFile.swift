import Checkpoints
import SystemPackage

/// Reads a task: JSON Lines, an object a line; blank lines are skipped, keys that the kind has no use for are ignored.
package enum TaskFile {
    /// Larger files are refused, in bytes.
    package static let sizeLimit = 1 << 30
    /// Values of one line.
    static let valueLimit = 100_000

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - name: nil takes the file's, without its extension.
    ///   - kind: nil finds it by the keys of the first line.
    /// - Throws: `EvaluationError`, naming file and line.
    package static func read(
        _ path: FilePath, name: String? = nil, kind: TaskKind? = nil
    ) throws(EvaluationError) -> EvaluationTask {
        let bytes = try bytes(ofFile: path, limit: sizeLimit)
        return try parse(
            bytes, file: path.string, name: name ?? path.lastComponent?.stem ?? path.string, kind: kind)
    }

    /// Reads the bytes of a file of that path.
    ///
    /// - Throws: `EvaluationError`, naming file and line.
    package static func parse(
        _ bytes: [UInt8], file: String, name: String, kind: TaskKind? = nil
    ) throws(EvaluationError) -> EvaluationTask {
        var rows: [FileObject] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) {
            rows.append(try FileObject(parsing: Array(line), file: file, line: index + 1))
        }
        guard let first = rows.first else { throw .tooFew(file: file, what: "rows", found: 0, needed: 1) }
        let kind = if let kind { kind } else { try detectedKind(of: first) }
        let revision: String
        do throws(CheckpointError) {
            revision = try SHA256Digest(of: bytes).description
        } catch {
            throw .unreadable(path: file, reason: "\(error)")
        }
        return EvaluationTask(name: name, revision: revision, data: try data(kind, rows, file: file))
    }

    /// The paths of the `*.jsonl` files of a directory, in the order of their names.
    ///
    /// - Throws: `EvaluationError.unreadable`, `.tooFew`
    package static func paths(inDirectory directory: FilePath) throws(EvaluationError) -> [FilePath] {
        let names = try fileNames(inDirectory: directory).filter { $0.hasSuffix(".jsonl") }
        guard !names.isEmpty else {
            throw .tooFew(file: directory.string, what: "*.jsonl files", found: 0, needed: 1)
        }
        return names.sorted().map { directory.appending($0) }
    }

    private static func detectedKind(of row: FileObject) throws(EvaluationError) -> TaskKind {
        let signs: [(keys: Set<String>, kind: TaskKind)] = [
            (["s1", "s2", "score"], .similarity), (["s1", "s2", "label"], .pairClassification),
            (["query", "positive", "negative"], .reranking), (["kind"], .retrieval),
            (["doc", "summary"], .summarisation),
            (["text", "label", "split"], .classification), (["text", "label"], .clustering), (["text"], .faithfulness),
        ]
        let keys = row.keys
        guard let found = signs.first(where: { $0.keys.isSubset(of: keys) }) else {
            throw .unknownKind(file: row.file, line: row.line, keys: keys.sorted())
        }
        return found.kind
    }

    private static func data(_ kind: TaskKind, _ rows: [FileObject], file: String) throws(EvaluationError) -> TaskData {
        switch kind {
        case .similarity:
            let pairs = try rows.map { row throws(EvaluationError) in
                ScoredPair(first: try row.text("s1"), second: try row.text("s2"), score: try row.number("score"))
            }
            try require(2, Set(pairs.map(\.score)).count, "different scores", file)
            return .similarity(pairs)
        case .pairClassification:
            let pairs = try rows.map { row throws(EvaluationError) in
                LabelledPair(first: try row.text("s1"), second: try row.text("s2"), isMatch: try row.flag("label"))
            }
            try require(2, Set(pairs.map(\.isMatch)).count, "different labels", file)
            return .pairClassification(pairs)
        case .reranking:
            return .reranking(
                try rows.map { row throws(EvaluationError) in
                    RerankingQuery(
                        query: try row.text("query"), positive: try row.texts("positive"),
                        negative: try row.texts("negative"))
                })
        case .retrieval: return .retrieval(try RetrievalReader.collection(of: rows, file: file))
        case .classification:
            let texts = try rows.map { row throws(EvaluationError) in
                SplitText(
                    text: try row.text("text"), label: try row.name("label"),
                    isTraining: try row.choice("split", of: Split.self) == .train)
            }
            try require(2, Set(texts.filter(\.isTraining).map(\.label)).count, "different labels to train on", file)
            try require(1, texts.count { !$0.isTraining }, "rows of the test split", file)
            return .classification(texts)
        case .clustering:
            let texts = try rows.map { row throws(EvaluationError) in
                LabelledText(text: try row.text("text"), label: try row.name("label"))
            }
            try require(2, Set(texts.map(\.label)).count, "different labels", file)
            return .clustering(texts)
        case .summarisation: return .summarisation(try summaries(rows, file: file))
        case .faithfulness:
            let texts = try rows.map { row throws(EvaluationError) in try row.text("text") }
            try require(2, Set(texts).count, "different texts", file)
            return .faithfulness(texts)
        }
    }

    /// Either all summaries have a score, which then varies, or none has.
    private static func summaries(_ rows: [FileObject], file: String) throws(EvaluationError) -> [Summary] {
        var summaries: [Summary] = []
        let hasScores = rows.first?.keys.contains("score") ?? false
        for row in rows {
            let score = hasScores ? try row.number("score") : try row.numberIfPresent("score")
            guard hasScores || score == nil else {
                throw .wrongType(
                    file: file, line: row.line, key: "score", expected: "none, as in the first line",
                    found: "\(score ?? 0)")
            }
            summaries.append(
                Summary(document: try row.text("doc"), summary: try row.text("summary"), score: score))
        }
        if hasScores {
            try require(2, Set(summaries.map(\.score)).count, "different scores", file)
        } else {
            try require(2, Set(summaries.map(\.document)).count, "different documents", file)
        }
        return summaries
    }

    static func require(
        _ needed: Int, _ found: Int, _ what: String, _ file: String
    ) throws(EvaluationError) {
        guard found >= needed else { throw .tooFew(file: file, what: what, found: found, needed: needed) }
    }

    private enum Split: String, CaseIterable {
        case train
        case test
    }
}
