/// Puts documents, queries and judgements together, wherever in the file they stand.
enum RetrievalReader {
    private enum RowKind: String, CaseIterable {
        case doc
        case query
        case qrel
    }

    static func collection(of rows: [FileObject], file: String) throws(EvaluationError) -> RetrievalCollection {
        var (documents, queries): ([NamedText], [NamedText]) = ([], [])
        var (documentIDs, queryIDs): (Set<String>, Set<String>) = ([], [])
        var judgements: [(row: FileObject, query: String, document: String, relevance: Double)] = []
        for row in rows {
            switch try row.choice("kind", of: RowKind.self) {
            case .doc: documents.append(try namedText(row, among: &documentIDs))
            case .query: queries.append(try namedText(row, among: &queryIDs))
            case .qrel:
                let relevance = try row.number("rel")
                guard relevance >= 0 else { throw row.wrongType("rel", "a number of at least 0") }
                judgements.append((row, try row.name("qid"), try row.name("did"), relevance))
            }
        }
        var relevances: [String: [String: Double]] = [:]
        for (row, query, document, relevance) in judgements {
            guard queryIDs.contains(query) else {
                throw .unknownReference(file: file, line: row.line, key: "qid", id: query)
            }
            guard documentIDs.contains(document) else {
                throw .unknownReference(file: file, line: row.line, key: "did", id: document)
            }
            guard relevances[query, default: [:]].updateValue(relevance, forKey: document) == nil else {
                throw .duplicate(file: file, line: row.line, what: "judgement", id: "\(query), \(document)")
            }
        }
        // As in trec_eval, a query that nothing is relevant to says nothing.
        relevances = relevances.filter { $0.value.values.contains { $0 > 0 } }
        try TaskFile.require(2, documents.count, "documents", file)
        try TaskFile.require(1, relevances.count, "queries with a relevant document", file)
        return RetrievalCollection(
            documents: documents, queries: queries.filter { relevances[$0.id] != nil }, relevances: relevances)
    }

    private static func namedText(
        _ row: FileObject, among known: inout Set<String>
    ) throws(EvaluationError) -> NamedText {
        let text = NamedText(id: try row.name("id"), text: try row.text("text"))
        guard known.insert(text.id).inserted else {
            throw .duplicate(file: row.file, line: row.line, what: "id", id: text.id)
        }
        return text
    }
}
