/// What became of the lines of the inputs.
///
/// `lineCount` is the sum of blank lines, refused ones, examples over the limit, duplicates that were dropped, examples
/// that share texts with the held-out part, and examples that were written.
package struct PreparationReport: Sendable, Equatable {
    /// The header of the file that was written.
    package internal(set) var header: DatasetHeader
    /// The digest of the header's line: what ``PreparedDataset`` calls its own.
    package internal(set) var digest = ""
    /// The format of each input.
    package internal(set) var formats: [LineFormat] = []
    /// Lines in all inputs.
    package internal(set) var lineCount = 0
    package internal(set) var blankLineCount = 0
    package internal(set) var refusals = RefusalCounts()
    /// Examples that were dropped since one of their prompts is too long, and the longest of all.
    package internal(set) var overLimitCount = 0
    package internal(set) var longestPrompt = 0
    /// Examples whose texts had all been read before, dropped or not.
    package internal(set) var duplicateCount = 0
    /// Training examples whose query or positive is one of the held-out part, dropped or not.
    package internal(set) var sharedTextCount = 0
    /// The lengths of the prompts of what was written, by the texts' part in the example.
    package internal(set) var lengths: [TextField: LengthHistogram] = [:]

    init(header: DatasetHeader) {
        self.header = header
    }

    /// Lines that hold an example, whatever became of it.
    package var readCount: Int { lineCount - blankLineCount - refusals.total }
}
