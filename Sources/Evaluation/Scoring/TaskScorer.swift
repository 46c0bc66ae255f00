/// Turns the vectors of one run into the evidence of a task's score.
package enum TaskScorer {
    /// Runs of k-means, the best of which counts.
    static let clusteringRestarts = 10
    /// Places that nDCG looks at.
    static let retrievalDepth = 10

    /// What a task is scored by.
    package static func metric(of task: EvaluationTask) -> Metric {
        switch task.data {
        case .similarity: .spearman
        case .pairClassification: .averagePrecision
        case .reranking: .meanAveragePrecision
        case .retrieval: .normalizedGain
        case .classification: .accuracy
        case .clustering: .vMeasure
        case .summarisation(let summaries): summaries.first?.score == nil ? .accuracyAtOne : .spearman
        case .faithfulness: .accuracyAtOne
        }
    }

    /// The evidence of a task whose texts were all embedded; of faithfulness, that is `faithfulness(_:_:rationales:)`.
    ///
    /// - Parameter seed: of what is drawn to cluster.
    package static func evidence(of task: EvaluationTask, _ texts: EmbeddedTexts, seed: UInt64) -> Evidence {
        switch task.data {
        case .similarity(let pairs):
            .correlation(predicted: pairs.map { texts.cosine($0.first, $0.second) }, expected: pairs.map(\.score))
        case .pairClassification(let pairs):
            .decisions(cosines: pairs.map { texts.cosine($0.first, $0.second) }, labels: pairs.map(\.isMatch))
        case .reranking(let queries): .scores(queries.map { precision($0, texts) })
        case .retrieval(let collection): .scores(gains(collection, texts))
        case .classification(let rows): .scores(hits(rows, texts))
        case .clustering(let rows): clusters(rows, texts, seed: seed)
        case .summarisation(let summaries): summaryEvidence(summaries, texts)
        case .faithfulness: preconditionFailure("faithfulness needs the rationales' vectors too")
        }
    }

    /// Whether each text is nearest to the vector of its own rationale, both embedded without a rationale. An empty
    /// rationale finds nothing.
    ///
    /// - Parameters:
    ///   - rationale: what was written for a text.
    ///   - plain: the texts, and the rationales that are not blank, embedded without a rationale.
    package static func faithfulness(
        of texts: [String], rationale: (String) -> String, plain: EmbeddedTexts
    ) -> Evidence {
        var seen: Set<String> = []
        let distinct = texts.filter { seen.insert($0).inserted }
        let rows = distinct.map(plain.row)
        return .scores(
            distinct.enumerated().map { index, text in
                let rationale = rationale(text)
                guard !isBlank(rationale) else { return 0 }
                return isFirst(index, among: plain.cosines(plain.row(rationale), rows)) ? 1 : 0
            })
    }

    /// Whether there is nothing in a rationale to embed.
    package static func isBlank(_ rationale: String) -> Bool { rationale.allSatisfy(\.isWhitespace) }

    private static func precision(_ query: RerankingQuery, _ texts: EmbeddedTexts) -> Double {
        let candidates = query.positive + query.negative
        return rankedAveragePrecision(
            scores: candidates.map { texts.cosine(query.query, $0) },
            isRelevant: candidates.indices.map { $0 < query.positive.count })
    }

    private static func gains(_ collection: RetrievalCollection, _ texts: EmbeddedTexts) -> [Double] {
        let rows = collection.documents.map { texts.row($0.text) }
        return collection.queries.map { query in
            let relevances = collection.relevances[query.id] ?? [:]
            return normalizedGain(
                scores: texts.cosines(texts.row(query.text), rows),
                relevances: collection.documents.map { relevances[$0.id] ?? 0 }, depth: retrievalDepth)
        }
    }

    /// 1 for each text of the test split whose label is predicted; a label that nothing was trained on cannot be.
    private static func hits(_ rows: [SplitText], _ texts: EmbeddedTexts) -> [Double] {
        let (training, test) = (rows.filter(\.isTraining), rows.filter { !$0.isTraining })
        let labels = Set(training.map(\.label)).sorted()
        let classes = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        let regression = LogisticRegression(
            texts.pooled.rows(training.map { texts.row($0.text) }),
            classes: training.map { classes[$0.label] ?? 0 }, classCount: labels.count)
        let predictions = regression.predictions(of: texts.pooled.rows(test.map { texts.row($0.text) }))
        return zip(predictions, test).map { labels[$0] == $1.label ? 1 : 0 }
    }

    private static func clusters(_ rows: [LabelledText], _ texts: EmbeddedTexts, seed: UInt64) -> Evidence {
        let labels = Set(rows.map(\.label)).sorted()
        let classes = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
        let clustering = KMeans(
            texts.pooled.rows(rows.map { texts.row($0.text) }), clusterCount: labels.count,
            restarts: clusteringRestarts, seed: seed)
        return .clusters(labels: rows.map { classes[$0.label] ?? 0 }, clusters: clustering.labels)
    }

    /// With people's scores their correlation with cosines: of several summaries of one document within that document,
    /// as MTEB has it, and the mean over documents whose scores vary; else over all. Without scores, whether each
    /// summary finds its document among all of them.
    private static func summaryEvidence(_ summaries: [Summary], _ texts: EmbeddedTexts) -> Evidence {
        let cosines = summaries.map { texts.cosine($0.document, $0.summary) }
        guard summaries.first?.score != nil else {
            var seen: Set<String> = []
            let documents = summaries.map(\.document).filter { seen.insert($0).inserted }
            let places = Dictionary(uniqueKeysWithValues: zip(documents, documents.indices))
            let rows = documents.map(texts.row)
            return .scores(
                summaries.map { summary in
                    guard let right = places[summary.document] else { return 0 }
                    return isFirst(right, among: texts.cosines(texts.row(summary.summary), rows)) ? 1 : 0
                })
        }
        let scores = summaries.map { $0.score ?? 0 }
        let byDocument = Dictionary(grouping: summaries.indices) { summaries[$0].document }
        let groups = byDocument.values.filter { Set($0.map { scores[$0] }).count > 1 }
            .sorted { ($0.first ?? 0) < ($1.first ?? 0) }
        guard !groups.isEmpty else { return .correlation(predicted: cosines, expected: scores) }
        return .scores(
            groups.map { group in
                spearmanCorrelation(group.map { cosines[$0] }, group.map { scores[$0] }) ?? 0
            })
    }
}
