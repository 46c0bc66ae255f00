/// A JSON value (RFC 8259).
package enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that an `Int` holds.
    case integer(Int)
    /// Any other number.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// Parses a document: one value, with nothing but white space around it.
    ///
    /// Stricter than RFC 8259 where that leaves a choice: a repeated key, nesting beyond `JSONParser.depthLimit`, a
    /// number beyond `Double` and an unpaired surrogate are refused.
    /// - Parameter valueLimit: how many values there may be in all: a value of two bytes takes many times that in memory.
    /// - Throws: `JSONError`.
    package init(parsing bytes: [UInt8], valueLimit: Int = .max) throws(JSONError) {
        var parser = JSONParser(bytes: bytes, valueLimit: valueLimit)
        self = try parser.document()
    }

    /// Type and value, shortened, for messages.
    package var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "the string \(String(value.prefix(60)).debugDescription)\(value.count > 60 ? "…" : "")"
        case .array(let values): "an array of \(values.count)"
        case .object(let members): "an object of \(members.count)"
        }
    }
}
