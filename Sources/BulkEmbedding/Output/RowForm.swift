import Grace
import JSON

/// How numbers stand in JSON.
package enum VectorEncoding: String, Sendable, CaseIterable {
    /// An array.
    case float
    /// A string: float32, the lowest byte first, in base64.
    case base64
}

/// What a row of the output is.
package enum RowForm: Sendable, Equatable {
    /// A JSON object with the vector.
    case vector(VectorEncoding)
    /// A JSON object as `/explain` has it, with the vector or without.
    case explanation(withVector: Bool)
    /// The numbers of the vector alone, as NumPy reads them.
    case numPy

    /// Keys of the output's own, which an input's line must not have.
    package var reservedKeys: Set<String> {
        switch self {
        case .vector: ["line", "embedding"]
        case .explanation:
            [
                "line", "checkpoint", "embedding", "finish_reason", "prompt_tokens", "rationale", "rationale_tokens",
                "reasoning", "seed", "trace", "truncated", "understanding",
            ]
        case .numPy: []
        }
    }

    /// The row of a line.
    ///
    /// - Parameter vector: cut and scaled as asked for.
    package func bytes(
        of line: TextLine, _ embedding: Embedding, vector: [Float], checkpoint: ModelIdentity
    ) -> [UInt8] {
        switch self {
        case .numPy: littleEndian(vector)
        case .vector(let encoding):
            Self.object(of: line, reserving: vector.count * 13 + 128) { writer in
                writer.key("embedding")
                switch encoding {
                case .float: writer.numbers(vector)
                case .base64: writer.plainString(base64(vector))
                }
            }
        case .explanation(let withVector):
            Self.object(of: line, reserving: 1024) { writer in
                writer.explanation(embedding, checkpoint: checkpoint, vector: withVector ? vector : nil)
            }
        }
    }

    /// The line's number, its id if it has one, what else it has, and what is new.
    private static func object(
        of line: TextLine, reserving capacity: Int, _ members: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: capacity)
        writer.object { writer in
            writer.member("line", line.number)
            if let id = line.id { writer.member("id", id) }
            for (key, value) in line.others.sorted(by: { $0.key < $1.key }) { writer.member(key, value) }
            members(&writer)
        }
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
