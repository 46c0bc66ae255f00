/// The texts of a suite, embedded in one run.
package struct EmbeddedTexts: Sendable {
    /// Scaled to length 1, `[texts, channels]`: for cosines.
    package let vectors: VectorTable
    /// As they were pooled, `[texts, channels]`: for classifiers and clusters, as GRACE's release pools them.
    /// Scaled to length 1, the penalty of a logistic regression would weigh far more.
    package let pooled: VectorTable
    private let rows: [String: Int]
    private let rationales: [String]
    /// What the rationales were like.
    package let statistics: RationaleStatistics

    /// - Throws: `EvaluationError.unusableVector`, `.vectorLength`
    package init(_ texts: [String], _ embedded: [EmbeddedText]) throws(EvaluationError) {
        precondition(texts.count == embedded.count, "\(texts.count) texts and \(embedded.count) vectors")
        for (text, embedding) in zip(texts, embedded) {
            let expected = embedded[0].vector.count
            guard !embedding.vector.isEmpty, embedding.vector.allSatisfy(\.isFinite) else {
                throw .unusableVector(text: text)
            }
            guard embedding.vector.count == expected else {
                throw .vectorLength(text: text, found: embedding.vector.count, expected: expected)
            }
        }
        vectors = VectorTable(normalizing: embedded.map(\.vector))
        pooled = VectorTable(embedded.map { $0.vector.map(Double.init) })
        rationales = embedded.map(\.rationale)
        rows = Dictionary(zip(texts, texts.indices)) { first, _ in first }
        statistics = RationaleStatistics(embedded)
    }

    /// The row of a text.
    ///
    /// - Precondition: the text is one of those that were embedded.
    package func row(_ text: String) -> Int {
        guard let row = rows[text] else { preconditionFailure("a text that was not embedded") }
        return row
    }

    /// What was written for a text.
    package func rationale(_ text: String) -> String { rationales[row(text)] }

    /// The cosine between two texts.
    package func cosine(_ first: String, _ second: String) -> Double {
        vectors.dot(row(first), vectors, row(second))
    }

    /// The cosines between one row and others.
    func cosines(_ row: Int, _ others: [Int]) -> [Double] {
        others.map { vectors.dot(row, vectors, $0) }
    }
}

/// What the rationales of a run were like.
package struct RationaleStatistics: Sendable, Equatable {
    /// Distinct texts.
    package let textCount: Int
    /// Texts that were too long for the model and were cut by it.
    package let truncatedCount: Int
    /// The rationales' mean length, in tokens.
    package let meanTokens: Double
    /// The share of rationales that the limit ended.
    package let cutOffShare: Double

    /// Counts.
    package init(_ embedded: [EmbeddedText]) {
        let count = Double(max(1, embedded.count))
        textCount = embedded.count
        truncatedCount = embedded.count { $0.isTruncated }
        meanTokens = Double(embedded.reduce(0) { $0 + $1.rationaleTokens }) / count
        cutOffShare = Double(embedded.count { $0.isCutOff }) / count
    }

    /// Takes the values as they are.
    init(textCount: Int, truncatedCount: Int, meanTokens: Double, cutOffShare: Double) {
        self.textCount = textCount
        self.truncatedCount = truncatedCount
        self.meanTokens = meanTokens
        self.cutOffShare = cutOffShare
    }
}
