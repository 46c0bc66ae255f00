import Grace
import JSON

/// A request for vectors or rationales, whatever dialect it was written in.
///
/// Unknown fields are ignored, as text-embeddings-inference does; null stands for the default, which the checkpoint
/// decides if it has one of its own.
struct EmbedRequest: Sendable, Equatable {
    let inputs: RequestInputs
    /// The checkpoint that is asked for.
    let model: String?
    /// The checkpoint's own text to put before each input.
    let promptName: String?
    let normalize: Bool?
    let truncate: Bool
    let truncationDirection: Truncation
    let dimensions: Int?
    let maxRationaleTokens: Int?
    let temperature: Double?
    let topP: Double?
    let seed: UInt64?
    /// A rationale ends once a window of it moved the vector by less than this.
    let stopWhenStable: Double?
    /// Of `/explain`: whether the vector is answered too.
    let embedding: Bool
    /// Of `/explain`: whether it is answered how near the vector was to the final one while the rationale was written.
    let traces: Bool
    /// Of `/explain`: whether rationales are told as events while they are written.
    let streams: Bool
    /// Whether somebody looks on: the request is then served before others.
    var isInteractive = false

    /// Reads the fields of `/embed` and `/explain`: text-embeddings-inference's and ours.
    ///
    /// - Throws: `ServiceError.invalid` for a field of another type, with what was found.
    init(_ fields: RequestFields) throws(ServiceError) {
        try self.init(
            fields, inputs: RequestInputs(fields.value("inputs"), field: "inputs"), model: fields.string("model"))
    }

    /// Reads the body of `/embed` and `/explain`.
    ///
    /// - Throws: `ServiceError.malformed` for what is not JSON in UTF-8; `.invalid`
    init(parsing body: [UInt8]) throws(ServiceError) {
        try self.init(RequestFields(parsing: body))
    }

    /// Reads the fields that are the same in every dialect.
    ///
    /// - Parameters:
    ///   - normalize: where the dialect decides it.
    ///   - zeroDimensions: whether 0 dimensions mean all of them.
    /// - Throws: `ServiceError.invalid`
    init(
        _ fields: RequestFields, inputs: RequestInputs, model: String?, normalize: Bool? = nil,
        zeroDimensions: Bool = false
    ) throws(ServiceError) {
        self.inputs = inputs
        self.model = model
        promptName = try fields.string("prompt_name")
        let asked = try fields.bool("normalize")
        self.normalize = normalize ?? asked
        truncate = try fields.bool("truncate") ?? true
        truncationDirection = try Self.direction(fields.string("truncation_direction"))
        let dimensions = try fields.integer("dimensions")
        self.dimensions = zeroDimensions && dimensions == 0 ? nil : dimensions
        maxRationaleTokens = try fields.integer("max_rationale_tokens")
        temperature = try fields.number("temperature")
        topP = try fields.number("top_p")
        seed = try Self.seed(fields.integer("seed"))
        stopWhenStable = try fields.number("stop_when_stable")
        embedding = try fields.bool("embedding") ?? false
        traces = try fields.bool("trace") ?? false
        streams = try fields.bool("stream") ?? false
    }

    /// What decides vectors, besides the inputs.
    var settings: RequestedSettings {
        var settings = RequestedSettings()
        settings.maxRationaleTokens = maxRationaleTokens
        settings.temperature = temperature
        settings.topP = topP
        settings.seed = seed
        settings.stopWhenStable = stopWhenStable
        settings.traces = traces
        settings.truncation = truncate ? truncationDirection : .refuse
        settings.dimensions = dimensions
        settings.normalizes = normalize
        return settings
    }

    /// text-embeddings-inference writes the directions with a capital.
    private static func direction(_ name: String?) throws(ServiceError) -> Truncation {
        guard let name else { return .right }
        switch name.lowercased() {
        case "right": return .right
        case "left": return .left
        default:
            throw .invalid(
                "`truncation_direction` must be \"right\" or \"left\", not \(JSONValue.string(name).summary)",
                field: "truncation_direction")
        }
    }

    private static func seed(_ value: Int?) throws(ServiceError) -> UInt64? {
        guard let value else { return nil }
        guard let seed = UInt64(exactly: value) else {
            throw .invalid("`seed` is \(value), allowed are 0 to \(Int.max)", field: "seed")
        }
        return seed
    }
}
