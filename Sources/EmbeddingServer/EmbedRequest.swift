import Grace
import JSON

/// The body of `/embed` and `/explain`: text-embeddings-inference's fields and ours.
///
/// Unknown fields are ignored, as text-embeddings-inference does; null stands for the default, which the checkpoint
/// decides if it has one of its own.
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
    /// The checkpoint that is asked for.
    let model: String?
    let normalize: Bool?
    let truncate: Bool
    let truncationDirection: Truncation
    let dimensions: Int?
    let maxRationaleTokens: Int?
    let temperature: Double?
    let topP: Double?
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
        model = try fields.string("model")
        normalize = try fields.bool("normalize")
        truncate = try fields.bool("truncate") ?? true
        truncationDirection = try Self.direction(fields.string("truncation_direction"))
        dimensions = try fields.integer("dimensions")
        maxRationaleTokens = try fields.integer("max_rationale_tokens")
        temperature = try fields.number("temperature")
        topP = try fields.number("top_p")
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
