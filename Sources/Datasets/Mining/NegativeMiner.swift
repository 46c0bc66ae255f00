import Checkpoints
import HeapModule

/// Finds hard negatives among the positives of other queries: texts that share words with a query and do not answer it.
///
/// Holds the positives in memory; pure.
package struct NegativeMiner: Sendable {
    /// What is as near to a positive as this says the same in other words: it is no negative.
    package static let nearDuplicateSimilarity = 0.6

    /// Of a query with thousands of positives, a class perhaps, so many are compared with.
    private static let comparedAnswers = 16

    /// A positive of another query.
    package struct Negative: Sendable, Equatable {
        package let text: String
        /// What was given with it.
        package let tokenCount: Int
    }

    private struct Candidate: Comparable {
        let document: Int
        let score: Double

        /// Of equals the first document is the better one.
        static func < (first: Candidate, second: Candidate) -> Bool {
            (first.score, second.document) < (second.score, first.document)
        }
    }

    private let memoryLimit: Int
    private var index = BM25Index()
    private var negatives: [Negative] = []
    private var digests: [TextDigest] = []
    private var documents: [TextDigest: Int] = [:]
    /// The positives of each query: none of them is a negative of it.
    private var answers: [TextDigest: [Int]] = [:]
    private var byteCount = 0

    /// - Parameter memoryLimit: what positives and index may take, in bytes, as estimated.
    package init(memoryLimit: Int) {
        self.memoryLimit = memoryLimit
    }

    /// How many different positives there are.
    package var count: Int { negatives.count }

    /// Adds a positive and the query that it answers.
    ///
    /// - Parameter tokenCount: the length of its prompt.
    /// - Throws: `DatasetError.miningTooLarge`, `.file`
    package mutating func add(query: String, positive: String, tokenCount: Int) throws(DatasetError) {
        let digest = try Self.digest(of: positive)
        let queryDigest = try Self.digest(of: query)
        let document: Int
        if let known = documents[digest] {
            document = known
        } else {
            document = negatives.count
            documents[digest] = document
            digests.append(digest)
            negatives.append(Negative(text: positive, tokenCount: tokenCount))
            index.add(positive)
            byteCount += positive.utf8.count + 128
        }
        answers[queryDigest, default: []].append(document)
        byteCount += 96
        let needed = byteCount + index.estimatedByteCount
        guard needed <= memoryLimit else { throw .miningTooLarge(byteCount: needed, limit: memoryLimit) }
    }

    /// The best-scored positive that is not the query itself, nor one of its positives or nearly one.
    ///
    /// nil if no other shares a word with the query.
    ///
    /// - Throws: `DatasetError.file`
    package func negative(query: String, positive: String) throws(DatasetError) -> Negative? {
        let own = Set(answers[try Self.digest(of: query)] ?? [])
        let excluded = [try Self.digest(of: query), try Self.digest(of: positive)]
        let ownWords =
            [index.words(of: positive)]
            + own.sorted().prefix(Self.comparedAnswers).map { index.words(of: negatives[$0].text) }
        var candidates = Heap(index.scores(query).map { Candidate(document: $0.document, score: $0.score) })
        while let candidate = candidates.popMax() {
            let document = candidate.document
            guard !own.contains(document), !excluded.contains(digests[document]) else { continue }
            let isNear = ownWords.contains {
                index.similarity(of: $0, to: document) >= Self.nearDuplicateSimilarity
            }
            if !isNear { return negatives[document] }
        }
        return nil
    }

    private static func digest(of text: String) throws(DatasetError) -> TextDigest {
        try fileErrors { () throws(CheckpointError) in try TextDigest(of: text) }
    }
}
