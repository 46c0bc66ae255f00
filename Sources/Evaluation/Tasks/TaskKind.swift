/// What is asked of vectors.
package enum TaskKind: String, Sendable, CaseIterable {
    /// Whether cosines rise with how alike people found two texts.
    case similarity = "sts"
    /// Whether the relevant documents of a corpus come first.
    case retrieval
    /// Whether the right ones of a query's candidates come first.
    case reranking
    /// Whether texts of one label are found together.
    case clustering
    /// Whether a linear classifier finds the label.
    case classification
    /// Whether a threshold on cosines tells pairs that match from others.
    case pairClassification = "pairs"
    /// Whether a summary finds its document, or cosines rise with people's scores.
    case summarisation = "summaries"
    /// Whether a rationale alone finds the text that it was written for.
    case faithfulness

    /// MTEB's name of the kind; the last is none of its.
    package var type: String {
        switch self {
        case .similarity: "STS"
        case .retrieval: "Retrieval"
        case .reranking: "Reranking"
        case .clustering: "Clustering"
        case .classification: "Classification"
        case .pairClassification: "PairClassification"
        case .summarisation: "Summarization"
        case .faithfulness: "RationaleFaithfulness"
        }
    }
}

/// A score's definition.
package enum Metric: String, Sendable, CaseIterable {
    case spearman = "cosine_spearman"
    case averagePrecision = "cosine_ap"
    case meanAveragePrecision = "map"
    case normalizedGain = "ndcg_at_10"
    case vMeasure = "v_measure"
    case accuracy
    case accuracyAtOne = "accuracy_at_1"

    /// The name in tables.
    package var title: String {
        switch self {
        case .spearman: "Spearman"
        case .averagePrecision: "AP"
        case .meanAveragePrecision: "MAP"
        case .normalizedGain: "nDCG@10"
        case .vMeasure: "v-measure"
        case .accuracy: "accuracy"
        case .accuracyAtOne: "accuracy@1"
        }
    }
}
