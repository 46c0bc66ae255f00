/// One task: texts, and what is known of them.
package struct EvaluationTask: Sendable, Equatable {
    /// Names it in results.
    package let name: String
    /// SHA-256 of the file, in hexadecimal: results of two revisions must not be compared.
    package let revision: String
    /// The rows.
    package let data: TaskData

    /// Takes the parts as they are; `TaskFile` checks what comes from outside.
    package init(name: String, revision: String, data: TaskData) {
        self.name = name
        self.revision = revision
        self.data = data
    }

    /// The kind of its rows.
    package var kind: TaskKind {
        switch data {
        case .similarity: .similarity
        case .pairClassification: .pairClassification
        case .reranking: .reranking
        case .retrieval: .retrieval
        case .classification: .classification
        case .clustering: .clustering
        case .summarisation: .summarisation
        case .faithfulness: .faithfulness
        }
    }

    /// Every text that takes part, some of them more than once.
    package var texts: [String] {
        switch data {
        case .similarity(let pairs): pairs.flatMap { [$0.first, $0.second] }
        case .pairClassification(let pairs): pairs.flatMap { [$0.first, $0.second] }
        case .reranking(let queries): queries.flatMap { [$0.query] + $0.positive + $0.negative }
        case .retrieval(let collection): collection.documents.map(\.text) + collection.queries.map(\.text)
        case .classification(let texts): texts.map(\.text)
        case .clustering(let texts): texts.map(\.text)
        case .summarisation(let summaries): summaries.flatMap { [$0.document, $0.summary] }
        case .faithfulness(let texts): texts
        }
    }
}

extension EvaluationTask {
    /// The task with every text cut to a limit.
    package func cut(to limit: WordLimit) -> EvaluationTask {
        guard limit.words > 0 else { return self }
        func named(_ text: NamedText) -> NamedText { NamedText(id: text.id, text: limit.cut(text.text)) }
        let data: TaskData =
            switch data {
            case .similarity(let pairs):
                .similarity(
                    pairs.map {
                        ScoredPair(first: limit.cut($0.first), second: limit.cut($0.second), score: $0.score)
                    })
            case .pairClassification(let pairs):
                .pairClassification(
                    pairs.map {
                        LabelledPair(first: limit.cut($0.first), second: limit.cut($0.second), isMatch: $0.isMatch)
                    })
            case .reranking(let queries):
                .reranking(
                    queries.map {
                        RerankingQuery(
                            query: limit.cut($0.query), positive: $0.positive.map(limit.cut),
                            negative: $0.negative.map(limit.cut))
                    })
            case .retrieval(let collection):
                .retrieval(
                    RetrievalCollection(
                        documents: collection.documents.map(named), queries: collection.queries.map(named),
                        relevances: collection.relevances))
            case .classification(let texts):
                .classification(
                    texts.map { SplitText(text: limit.cut($0.text), label: $0.label, isTraining: $0.isTraining) })
            case .clustering(let texts):
                .clustering(texts.map { LabelledText(text: limit.cut($0.text), label: $0.label) })
            case .summarisation(let summaries):
                .summarisation(
                    summaries.map {
                        Summary(document: limit.cut($0.document), summary: limit.cut($0.summary), score: $0.score)
                    })
            case .faithfulness(let texts): .faithfulness(texts.map(limit.cut))
            }
        return EvaluationTask(name: name, revision: revision, data: data)
    }
}

/// The rows of a task, by kind.
package enum TaskData: Sendable, Equatable {
    case similarity([ScoredPair])
    case pairClassification([LabelledPair])
    case reranking([RerankingQuery])
    case retrieval(RetrievalCollection)
    case classification([SplitText])
    case clustering([LabelledText])
    case summarisation([Summary])
    case faithfulness([String])
}

/// Two texts, and how alike people found them.
package struct ScoredPair: Sendable, Equatable {
    package let first: String
    package let second: String
    package let score: Double
}

/// Two texts, and whether they match.
package struct LabelledPair: Sendable, Equatable {
    package let first: String
    package let second: String
    package let isMatch: Bool
}

/// A query with candidates of its own.
package struct RerankingQuery: Sendable, Equatable {
    package let query: String
    /// At least one.
    package let positive: [String]
    /// At least one.
    package let negative: [String]
}

/// A text that others refer to.
package struct NamedText: Sendable, Equatable {
    package let id: String
    package let text: String
}

/// A corpus, queries, and which documents are relevant to which of them.
package struct RetrievalCollection: Sendable, Equatable {
    package let documents: [NamedText]
    package let queries: [NamedText]
    /// By the queries' names, then by the documents'; not negative, 0 is irrelevant.
    package let relevances: [String: [String: Double]]
}

/// A text of one of two splits.
package struct SplitText: Sendable, Equatable {
    package let text: String
    package let label: String
    /// Whether a classifier may see its label.
    package let isTraining: Bool
}

/// A text and its label.
package struct LabelledText: Sendable, Equatable {
    package let text: String
    package let label: String
}

/// A document, a summary of it, and people's score of that, where there is one.
package struct Summary: Sendable, Equatable {
    package let document: String
    package let summary: String
    package let score: Double?
}
