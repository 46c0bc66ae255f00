/// What one rendering may still spend: a bound on time and memory, whatever the template.
struct JinjaBudget {
    /// Statements, expressions and list elements; the known templates take a few hundred.
    static let maximumSteps = 1_000_000

    private let maximumBytes: Int
    private var steps = 0
    private var bytes = 0

    /// A budget for messages of `inputByteCount` bytes: enough to copy them many times.
    init(inputByteCount: Int) {
        let (product, overflow) = inputByteCount.multipliedReportingOverflow(by: 16)
        let (sum, sumOverflow) = product.addingReportingOverflow(16 << 20)
        maximumBytes = overflow || sumOverflow ? .max : sum
    }

    /// Spends a step.
    ///
    /// - Throws: `stepLimitExceeded`.
    mutating func spendStep(line: Int) throws(ChatTemplateError) {
        steps += 1
        guard steps <= Self.maximumSteps else {
            throw .stepLimitExceeded(line: line, limit: Self.maximumSteps)
        }
    }

    /// Spends bytes read or written.
    ///
    /// - Throws: `byteLimitExceeded`.
    mutating func spend(bytes count: Int, line: Int) throws(ChatTemplateError) {
        guard count <= maximumBytes - bytes else {
            throw .byteLimitExceeded(line: line, limit: maximumBytes)
        }
        bytes += count
    }

    /// Spends the bytes of a text and its marks.
    mutating func spend(_ text: MarkedText, line: Int) throws(ChatTemplateError) {
        try spend(bytes: text.bytes.count, line: line)
        try spend(elements: text.marks.count, line: line)
    }

    /// Spends the bytes of a text, its marks and an offset for each code point.
    mutating func spend(codePointsOf text: MarkedText, line: Int) throws(ChatTemplateError) {
        try spend(text, line: line)
        try spend(bytes: text.bytes.count * MemoryLayout<Int>.stride, line: line)
    }

    /// Spends the memory of list elements or marks.
    mutating func spend(elements count: Int, line: Int) throws(ChatTemplateError) {
        let (product, overflow) = count.multipliedReportingOverflow(by: 64)
        try spend(bytes: overflow ? .max : product, line: line)
    }
}
