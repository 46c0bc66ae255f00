import SystemPackage

/// What is to be prepared, and how.
package struct PreparationPlan: Sendable {
    /// The files to read, one after the other.
    package var inputs: [FilePath]
    /// The file to write.
    package var output: FilePath
    /// The format of all inputs; nil finds out for each.
    package var format: LineFormat?
    /// Examples with a longer prompt are dropped.
    package var maxPromptTokens = 1024
    /// Longer lines are refused.
    package var maxLineBytes = 1 << 20
    /// Which examples are held out.
    package var split = SplitPlan()
    /// Whether examples that come again are kept.
    package var keepsDuplicates = false
    /// Whether training examples are kept whose query or positive is one of the held-out part.
    package var keepsSharedTexts = false
    /// Whether the first line that is refused ends it.
    package var isStrict = false
    /// What mining negatives for pairs without one may take, in bytes; nil mines none.
    package var miningMemoryLimit: Int?
    /// Processors that read lines.
    package var threads = 1

    /// The usual plan for these files.
    package init(inputs: [FilePath], output: FilePath) {
        self.inputs = inputs
        self.output = output
    }
}

/// How far a preparation has come.
package enum PreparationProgress: Sendable, Equatable {
    /// Bytes of an input as it is stored; of a pipe it is not known how many there are.
    case reading(path: String, byteCount: Int, of: Int?, lineCount: Int)
    /// Examples for which a negative was looked for, or that were written without.
    case writing(exampleCount: Int, of: Int)
}
