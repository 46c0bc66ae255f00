import Datasets
import Grace

/// A row of the output, and what it took.
package struct Row: Sendable, Equatable {
    /// As the output has it.
    package let bytes: [UInt8]
    /// Of prompt and rationale.
    package let tokenCount: Int

    /// Takes both as they are.
    package init(bytes: [UInt8], tokenCount: Int) {
        self.bytes = bytes
        self.tokenCount = tokenCount
    }
}

/// What becomes of a line.
package enum LineOutcome: Sendable, Equatable {
    case row(Row)
    /// The line's text is at fault.
    case refused(TextRefusal)
    /// All else is.
    case failed(BulkError)
}

extension LineOutcome {
    /// Whether an error is a text's own matter, so that another text may well be embedded.
    init(_ error: GraceError) {
        switch error {
        case .textTooLong, .nothingToPool, .template:
            self = .refused(.line(.prompt(.text, reason: error.description(inputs: "texts"))))
        default: self = .failed(.grace(error))
        }
    }
}
