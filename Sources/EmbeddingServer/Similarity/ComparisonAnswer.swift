import Grace
import HTTP
import JSON

/// The answer of `/explain/similarity`, its members in alphabetical order.
struct ComparisonAnswer {
    let comparison: TextComparison
    let work: Work
    let asked: ComparisonRequest

    /// In JSON.
    var body: [UInt8] {
        let contributionCount = comparison.decompositions.reduce(0) { $0 + $1.contributions.count }
        var writer = JSONWriter(reserving: 4096 + 50 * contributionCount)
        writer.object { writer in
            writer.member("checkpoint", work.model.identity.description)
            if !asked.isRanking { writer.contributions(comparison.decompositions[0]) }
            writer.member("granularity", asked.granularity.rawValue)
            if asked.isRanking { writeRanking(to: &writer) }
            writer.key("rationales")
            writer.document(work.explanations)
            if !asked.isRanking { writer.similarity(comparison.decompositions[0]) }
            writer.key("spans")
            writer.array { writer in
                for spans in comparison.spans {
                    writer.array { writer in spans.forEach { writer.span($0) } }
                }
            }
        }
        return writer.bytes
    }

    /// Those of `against`, nearest first; of equals the one first that the request has first.
    private func writeRanking(to writer: inout JSONWriter) {
        let decompositions = comparison.decompositions
        let order = decompositions.indices.sorted {
            (decompositions[$0].similarity, $1) > (decompositions[$1].similarity, $0)
        }
        writer.key("ranking")
        writer.array { writer in
            for index in order {
                writer.object { writer in
                    writer.contributions(decompositions[index])
                    writer.member("index", index)
                    writer.similarity(decompositions[index])
                }
            }
        }
    }
}

extension JSONWriter {
    fileprivate mutating func contributions(_ decomposition: SimilarityDecomposition) {
        key("contributions")
        array { writer in
            for contribution in decomposition.contributions {
                writer.object { writer in
                    writer.member("a", contribution.a)
                    writer.member("b", contribution.b)
                    writer.member("contribution", Float(contribution.value))
                }
            }
        }
    }

    fileprivate mutating func similarity(_ decomposition: SimilarityDecomposition) {
        member("rest", Float(decomposition.rest))
        member("similarity", Float(decomposition.similarity))
    }

    fileprivate mutating func span(_ span: TextSpan) {
        object { writer in
            writer.member("end", span.range?.upperBound)
            writer.member("kind", span.kind.rawValue)
            writer.member("start", span.range?.lowerBound)
            writer.member("text", span.text)
        }
    }
}
