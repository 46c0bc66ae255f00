/// Why a text is not a JSON document that this parser takes.
package enum JSONError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The text breaks the grammar (RFC 8259), or holds a number or a surrogate that cannot be kept.
    case invalid(offset: Int, expected: String)
    /// A string that is not UTF-8; the offset is where it begins.
    case invalidUTF8(offset: Int)
    /// A key that occurs twice in one object.
    case duplicateKey(String)
    /// More values than the reader of the document allows.
    case tooManyValues(offset: Int, limit: Int)
    /// Arrays or objects nested beyond the limit.
    case nestedTooDeeply(offset: Int, limit: Int)

    package var description: String {
        switch self {
        case .invalid(let offset, let expected): "invalid JSON at byte \(offset): expected \(expected)"
        case .invalidUTF8(let offset): "the string at byte \(offset) is not valid UTF-8"
        case .duplicateKey(let key): "key \(key.prefix(60))\(key.count > 60 ? "…" : "") occurs twice"
        case .tooManyValues(let offset, let limit):
            "the value at byte \(offset) is one more than the \(limit) that are allowed"
        case .nestedTooDeeply(let offset, let limit):
            "the value at byte \(offset) is nested more than \(limit) levels deep"
        }
    }
}
