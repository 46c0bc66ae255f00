import Checkpoints
import Datasets
import JSON

/// A text of the input, and what stands beside it.
package struct TextLine: Sendable, Equatable {
    /// Of the line, from 1.
    package let number: Int
    /// What is embedded.
    package let text: String
    /// A string or a whole number, as the line gives it.
    package let id: JSONValue?
    /// What else the line's object has; it is passed through.
    package let others: [String: JSONValue]

    /// Takes the parts as they are.
    package init(number: Int, text: String, id: JSONValue? = nil, others: [String: JSONValue] = [:]) {
        self.number = number
        self.text = text
        self.id = id
        self.others = others
    }
}

/// How far an input is read: to the end of a line.
package struct InputPosition: Sendable, Equatable {
    /// Lines so far.
    package private(set) var lineCount = 0
    /// Bytes of the text so far, inflated where the file is compressed. Of lines that are too long none are counted.
    package private(set) var byteCount = 0
    /// What these lines are: a chain of digests.
    package private(set) var digest: SHA256Digest

    /// Before the first line.
    ///
    /// - Throws: `BulkError.file`
    package init() throws(BulkError) {
        digest = try Self.digest([])
    }

    /// Goes behind the next line.
    ///
    /// - Parameter line: nil where it is too long to be kept.
    /// - Throws: `BulkError.file`
    package mutating func pass(_ line: [UInt8]?) throws(BulkError) {
        // Which lines there are counts, not only their bytes.
        digest = try Self.digest(digest.bytes + (line.map { [1] + $0 } ?? [0]))
        lineCount += 1
        byteCount += (line?.count ?? 0) + 1
    }

    private static func digest(_ bytes: [UInt8]) throws(BulkError) -> SHA256Digest {
        try bulkErrors { () throws(DatasetError) in
            try fileErrors { () throws(CheckpointError) in try SHA256Digest(of: bytes) }
        }
    }

    /// Half of the digest in hexadecimal, which is enough to tell inputs apart.
    package var mark: String { String(digest.description.prefix(32)) }
}

/// A line of the input that is to have a row in the output, and perhaps cannot.
package struct InputItem: Sendable, Equatable {
    /// The text, or why there is none.
    package let content: Result<TextLine, TextRefusal>
    /// What the line takes in memory, about.
    package let byteCount: Int
    /// The end of the line.
    package let end: InputPosition

    /// Takes the parts as they are.
    package init(content: Result<TextLine, TextRefusal>, byteCount: Int, end: InputPosition) {
        self.content = content
        self.byteCount = byteCount
        self.end = end
    }
}
