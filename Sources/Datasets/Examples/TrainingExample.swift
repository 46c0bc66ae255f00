/// What a file of training data holds: examples of one kind only.
package enum DatasetKind: String, Sendable, CaseIterable {
    /// Supervised: a query, a text that answers it, and perhaps one that does not.
    case triplets
    /// Unsupervised: a text alone.
    case texts
}

/// A text's part in an example: its key in JSON.
package enum TextField: String, Sendable, CaseIterable {
    case query, positive, negative, text
}

/// One example to train on.
package struct TrainingExample: Sendable, Equatable {
    /// The texts, as the data have them.
    package enum Content: Sendable, Equatable {
        case triplet(query: String, positive: String, negative: String?)
        case text(String)
    }

    /// The texts.
    package let content: Content
    /// Where the example comes from, if the data say so; it decides nothing.
    package let source: String?

    /// Takes both as they are.
    package init(_ content: Content, source: String? = nil) {
        self.content = content
        self.source = source
    }

    /// Which kind of data it belongs to.
    package var kind: DatasetKind {
        switch content {
        case .triplet: .triplets
        case .text: .texts
        }
    }

    /// The text that the rationales with gradient are of: the positive, or the text itself.
    package var main: String {
        switch content {
        case .triplet(_, let positive, _): positive
        case .text(let text): text
        }
    }

    /// The text that the main one should be near to: the query, or the same text, read a second time.
    package var query: String {
        switch content {
        case .triplet(let query, _, _): query
        case .text(let text): text
        }
    }

    /// The text that the query should be far from, if there is one.
    package var negative: String? {
        switch content {
        case .triplet(_, _, let negative): negative
        case .text: nil
        }
    }

    /// The same triplet with another negative; a text as it is.
    func with(negative: String) -> TrainingExample {
        switch content {
        case .triplet(let query, let positive, _):
            TrainingExample(.triplet(query: query, positive: positive, negative: negative), source: source)
        case .text: self
        }
    }

    /// Every text that training renders, once, with its part in the example.
    package var texts: [(field: TextField, text: String)] {
        switch content {
        case .triplet(let query, let positive, let negative):
            [(.query, query), (.positive, positive)] + (negative.map { [(.negative, $0)] } ?? [])
        case .text(let text): [(.text, text)]
        }
    }
}
