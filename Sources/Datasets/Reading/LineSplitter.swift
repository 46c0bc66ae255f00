/// Cuts bytes that come piece by piece into lines. Pure; holds one line at most.
package struct LineSplitter: Sendable {
    /// A line without its line feed.
    package struct Line: Sendable, Equatable {
        /// Counted from 1.
        package let number: Int
        /// Its bytes; nil where there are more than the limit.
        package let bytes: [UInt8]?
    }

    private let limit: Int
    private var number = 1
    private var partial: [UInt8] = []
    private var isTooLong = false
    private var hasBegun = false

    /// - Parameter limit: the most bytes of a line; what is beyond is not kept.
    package init(limit: Int) {
        precondition(limit > 0, "lines of \(limit) bytes hold nothing")
        self.limit = limit
    }

    /// The lines that end in the next bytes.
    package mutating func split(_ piece: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = 0
        while let end = piece[start...].firstIndex(of: 0x0A) {
            take(piece[start..<end])
            lines.append(endLine())
            start = end + 1
        }
        take(piece[start...])
        return lines
    }

    /// The last line, where the bytes do not end with a line feed.
    package mutating func finish() -> Line? {
        hasBegun ? endLine() : nil
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard !bytes.isEmpty else { return }
        hasBegun = true
        if partial.count + bytes.count > limit {
            isTooLong = true
            partial = []
        }
        if !isTooLong { partial.append(contentsOf: bytes) }
    }

    private mutating func endLine() -> Line {
        let line = Line(number: number, bytes: isTooLong ? nil : partial)
        number += 1
        partial = []
        isTooLong = false
        hasBegun = false
        return line
    }
}
