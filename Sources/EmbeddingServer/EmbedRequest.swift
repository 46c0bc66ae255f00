import Grace
import JSON

/// The body of `/embed` and `/explain`: text-embeddings-inference's fields and ours.
///
/// Unknown fields are ignored, as text-embeddings-inference does; null stands for the default.
struct EmbedRequest: Sendable, Equatable {
    enum Inputs: Sendable, Equatable {
        case one(String)
        case many([String])

        var texts: [String] {
            switch self {
            case .one(let text): [text]
            case .many(let texts): texts
            }
        }
    }

    let inputs: Inputs
    let normalize: Bool
    let truncate: Bool
    let truncationDirection: Truncation
    let dimensions: Int?
    let maxRationaleTokens: Int?
    let temperature: Double
    let topP: Double
    let seed: UInt64?
    /// Of `/explain`: whether the vector is answered too.
    let embedding: Bool

    /// Reads a request's body.
    ///
    /// - Throws: `ServiceError.malformed` for what is not JSON in UTF-8; `.invalid` for a field of another type, with
    ///   what was found.
    init(parsing body: [UInt8]) throws(ServiceError) {
        let fields = try RequestFields(parsing: body)
        inputs = try Self.inputs(fields.value("inputs"))
        normalize = try fields.bool("normalize") ?? true
        truncate = try fields.bool("truncate") ?? true
        truncationDirection = try Self.direction(fields.string("truncation_direction"))
        dimensions = try fields.integer("dimensions")
        maxRationaleTokens = try fields.integer("max_rationale_tokens")
        temperature = try fields.number("temperature") ?? 0
        topP = try fields.number("top_p") ?? 1
        seed = try Self.seed(fields.integer("seed"))
        embedding = try fields.bool("embedding") ?? false
    }

    private static func inputs(_ value: JSONValue?) throws(ServiceError) -> Inputs {
        switch value {
        case nil: throw .invalid("`inputs` is missing")
        case .string(let text): return .one(text)
        case .array(let elements):
            var texts: [String] = []
            for (index, element) in elements.enumerated() {
                guard case .string(let text) = element else {
                    throw .invalid("`inputs[\(index)]` must be a string, not \(element.summary)")
                }
                texts.append(text)
            }
            return .many(texts)
        case .some(let other): throw .invalid("`inputs` must be a string or a list of strings, not \(other.summary)")
        }
    }

    /// text-embeddings-inference writes the directions with a capital.
    private static func direction(_ name: String?) throws(ServiceError) -> Truncation {
        guard let name else { return .right }
        switch name.lowercased() {
        case "right": return .right
        case "left": return .left
        default:
            throw .invalid(
                "`truncation_direction` must be \"right\" or \"left\", not \(JSONValue.string(name).summary)")
        }
    }

    private static func seed(_ value: Int?) throws(ServiceError) -> UInt64? {
        guard let value else { return nil }
        guard let seed = UInt64(exactly: value) else {
            throw .invalid("`seed` is \(value), allowed are 0 to \(Int.max)")
        }
        return seed
    }
}

/// The members of a request's JSON object, each read as the type that its field has.
private struct RequestFields {
    private let members: [String: JSONValue]

    init(parsing body: [UInt8]) throws(ServiceError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: body)
        } catch {
            throw .malformed("the body is not a JSON document: \(error)")
        }
        guard case .object(let members) = value else {
            throw .invalid("the body must be a JSON object, not \(value.summary)")
        }
        self.members = members
    }

    /// nil where the field is absent or null.
    func value(_ name: String) -> JSONValue? {
        let value = members[name]
        return value == .null ? nil : value
    }

    func bool(_ name: String) throws(ServiceError) -> Bool? {
        guard let value = value(name) else { return nil }
        guard case .bool(let bool) = value else { throw wrongType(name, "true or false", value) }
        return bool
    }

    func integer(_ name: String) throws(ServiceError) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .integer(let integer) = value else { throw wrongType(name, "an integer", value) }
        return integer
    }

    func number(_ name: String) throws(ServiceError) -> Double? {
        switch value(name) {
        case nil: return nil
        case .integer(let integer): return Double(integer)
        case .number(let number): return number
        case .some(let other): throw wrongType(name, "a number", other)
        }
    }

    func string(_ name: String) throws(ServiceError) -> String? {
        guard let value = value(name) else { return nil }
        guard case .string(let string) = value else { throw wrongType(name, "a string", value) }
        return string
    }

    private func wrongType(_ name: String, _ expected: String, _ found: JSONValue) -> ServiceError {
        .invalid("`\(name)` must be \(expected), not \(found.summary)")
    }
}
