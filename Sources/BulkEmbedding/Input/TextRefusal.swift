import Datasets

/// Why a line holds no text that can be embedded.
package enum TextRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    /// It is refused as a line of training data would be.
    case line(LineRefusal)
    /// An `id` that is neither a string nor a whole number.
    case wrongID(found: String)
    /// A key that the output has for itself.
    case reservedKey(String)

    package var description: String {
        switch self {
        case .line(let refusal): "\(refusal)"
        case .wrongID(let found): "\"id\": expected a string or a whole number, found \(found)"
        case .reservedKey(let key): "key \"\(key)\" is one that the output gives a meaning"
        }
    }
}
