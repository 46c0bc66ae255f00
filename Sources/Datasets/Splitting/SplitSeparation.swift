/// Keeps what is held out, out of training.
///
/// The random split decides by the query, so all examples of one query are on one side. A positive can still answer
/// queries of both sides, and with `head` a query can be on both.
struct SplitSeparation: Sendable {
    /// What is to become of an example.
    enum Place: Equatable {
        case split(DatasetSplit)
        /// It would be trained on, but its query or its positive is a query or positive of the held-out part.
        case shared
    }

    private let boundary: SplitBoundary
    private var heldOutTexts: Set<TextDigest> = []

    init(_ boundary: SplitBoundary) {
        self.boundary = boundary
    }

    /// Sees an example; all of them have to be seen before the first is placed.
    mutating func add(_ record: Spool.Record) {
        guard split(of: record) == .heldOut else { return }
        heldOutTexts.insert(record.query)
        heldOutTexts.insert(record.main)
    }

    /// What is to become of an example.
    func place(_ record: Spool.Record) -> Place {
        let split = split(of: record)
        let isShared = heldOutTexts.contains(record.query) || heldOutTexts.contains(record.main)
        return split == .training && isShared ? .shared : .split(split)
    }

    private func split(of record: Spool.Record) -> DatasetSplit {
        boundary.split(position: record.position, query: record.query)
    }
}
