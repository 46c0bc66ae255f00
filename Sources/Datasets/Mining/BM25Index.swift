import Glibc

/// Ranks documents by the words that they share with a query: BM25 (Robertson and Zaragoza 2009).
///
/// k1 is 1.2 and b is 0.75; the weight of a word that n of N documents have is `log(1 + (N - n + 0.5) / (n + 0.5))`,
/// which is never negative. All is in memory, and sums have one order: the same documents give the same scores.
package struct BM25Index: Sendable {
    private static let k1 = 1.2
    private static let b = 0.75

    /// A document that has a word, and how often.
    private struct Posting {
        let document: UInt32
        let count: UInt32
    }

    /// What a word, a posting and a document take beside their bytes: dictionaries and arrays grow to twice their size.
    private static let bytesPerWord = 160
    private static let bytesPerPosting = 24
    private static let bytesPerDocument = 64

    private var vocabulary: [String: UInt32] = [:]
    private var postings: [[Posting]] = []
    /// The different words of each document, ascending.
    private var documentWords: [[UInt32]] = []
    private var lengths: [UInt32] = []
    private var totalLength = 0
    /// What all of it takes, in bytes: an estimate from above.
    package private(set) var estimatedByteCount = 0

    /// No documents.
    package init() {}

    /// How many documents there are.
    package var count: Int { lengths.count }

    /// Adds the next document.
    ///
    /// - Precondition: there are fewer than 2^32.
    package mutating func add(_ text: String) {
        var counts: [UInt32: UInt32] = [:]
        let words = Words.split(text)
        for word in words { counts[identifier(of: word), default: 0] += 1 }
        let document = UInt32(lengths.count)
        let different = counts.keys.sorted()
        for word in different {
            postings[Int(word)].append(Posting(document: document, count: counts[word] ?? 0))
        }
        documentWords.append(different)
        lengths.append(UInt32(words.count))
        totalLength += words.count
        estimatedByteCount += Self.bytesPerDocument + Self.bytesPerPosting * different.count
    }

    /// The score of every document that shares a word with the query, in the order of the documents.
    ///
    /// A word that the query has twice counts twice.
    package func scores(_ query: String) -> [(document: Int, score: Double)] {
        let meanLength = Double(totalLength) / Double(max(1, count))
        var scores = [Double](repeating: 0, count: count)
        for word in Words.split(query) {
            guard let identifier = vocabulary[word] else { continue }
            let documents = postings[Int(identifier)]
            let frequency = Double(documents.count)
            let weight = log(1 + (Double(count) - frequency + 0.5) / (frequency + 0.5))
            for posting in documents {
                let (occurrences, length) = (Double(posting.count), Double(lengths[Int(posting.document)]))
                let norm = Self.k1 * (1 - Self.b + Self.b * length / meanLength)
                scores[Int(posting.document)] += weight * occurrences * (Self.k1 + 1) / (occurrences + norm)
            }
        }
        return scores.indices.lazy.filter { scores[$0] > 0 }.map { ($0, scores[$0]) }
    }

    /// How many of the words that either of them has both have: the sets' Jaccard coefficient.
    ///
    /// - Parameter text: looked at as a set of words.
    package func similarity(of text: WordSet, to document: Int) -> Double {
        let words = documentWords[document]
        let common = words.reduce(0) { $0 + (text.known.contains($1) ? 1 : 0) }
        let all = text.count + words.count - common
        return all == 0 ? 1 : Double(common) / Double(all)
    }

    /// The words of a text, for comparison with documents.
    package struct WordSet: Sendable {
        /// Those that any document has.
        fileprivate let known: Set<UInt32>
        /// All of them.
        fileprivate let count: Int
    }

    /// The different words of a text.
    package func words(of text: String) -> WordSet {
        let words = Set(Words.split(text))
        return WordSet(known: Set(words.compactMap { vocabulary[$0] }), count: words.count)
    }

    private mutating func identifier(of word: String) -> UInt32 {
        if let identifier = vocabulary[word] { return identifier }
        let identifier = UInt32(postings.count)
        vocabulary[word] = identifier
        postings.append([])
        estimatedByteCount += Self.bytesPerWord + word.utf8.count
        return identifier
    }
}
