/// Why compressed bytes are refused.
package enum InflateError: Error, Equatable, Sendable {
    /// Not the format, damaged, or with a wrong checksum; zlib's reason, and the compressed bytes before it was found.
    case malformed(reason: String, offset: Int)
    /// The bytes end before the stream does; how many there are.
    case truncated(byteCount: Int)
    /// Something other than a further member follows the end, at the offset.
    case trailingBytes(offset: Int)
    /// What is inflated is longer than the limit, in bytes.
    case tooLarge(limit: Int)
    /// What is inflated has more bytes for each compressed one than the limit.
    case ratioTooHigh(compressed: Int, inflated: Int, limit: Int)
    /// zlib has no memory.
    case noMemory
}

extension InflateError: CustomStringConvertible {
    /// One line, with both values.
    package var description: String {
        switch self {
        case .malformed(let reason, let offset): "compressed data is damaged before byte \(offset): \(reason)"
        case .truncated(let byteCount): "compressed data ends after \(byteCount) bytes, before its end is reached"
        case .trailingBytes(let offset): "compressed data ends at byte \(offset), but something follows"
        case .tooLarge(let limit): "inflated data is larger than \(limit) bytes"
        case .ratioTooHigh(let compressed, let inflated, let limit):
            "\(compressed) compressed bytes inflate to \(inflated) or more, over \(limit) times as many"
        case .noMemory: "there is no memory to inflate data"
        }
    }
}
