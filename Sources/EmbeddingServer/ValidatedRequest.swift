import Engine
import Grace

/// A request whose every value is allowed.
struct ValidatedRequest {
    let inputs: [EmbeddingInput]
    let settings: EmbeddingSettings
    let normalize: Bool
    let dimensions: Int?
    let withEmbedding: Bool

    /// - Parameters:
    ///   - model: the model that will answer; its own defaults come before the server's.
    ///   - allowsNothing: whether the inputs may be missing; all else is looked at nevertheless.
    /// - Throws: `ServiceError.empty`, `.invalid`, naming the field and both values.
    init(
        _ request: EmbedRequest, limits: RequestLimits, model: LoadedModel, allowsNothing: Bool = false
    ) throws(ServiceError) {
        let defaults = model.defaults
        let isNothing = allowsNothing && request.inputs.isNothing
        inputs = isNothing ? [] : try Self.inputs(of: request, limits: limits, model: model)
        let rationale = request.maxRationaleTokens ?? defaults.maxRationaleTokens ?? limits.defaultMaxRationaleTokens
        guard (0...limits.maxRationaleTokens).contains(rationale) else {
            throw .invalid(
                "`max_rationale_tokens` is \(rationale), allowed are 0 to \(limits.maxRationaleTokens)",
                field: "max_rationale_tokens")
        }
        let temperature = request.temperature ?? defaults.temperature ?? 0
        guard (0...100).contains(temperature) else {
            throw .invalid("`temperature` is \(temperature), allowed are 0 to 100", field: "temperature")
        }
        let topP = request.topP ?? defaults.topP ?? 1
        guard Float(topP) > 0, topP <= 1 else {
            throw .invalid("`top_p` is \(topP), allowed are numbers over 0 up to 1", field: "top_p")
        }
        if let dimensions = request.dimensions, !(1...model.dimensions).contains(dimensions) {
            throw .invalid(
                "`dimensions` is \(dimensions), allowed are 1 to \(model.dimensions)", field: "dimensions")
        }
        var settings = EmbeddingSettings(
            maxRationaleTokens: rationale, temperature: Float(temperature), topP: Float(topP),
            seed: request.seed,
            truncation: request.truncate ? request.truncationDirection : .refuse)
        settings.priority = request.isInteractive ? .interactive : .bulk
        self.settings = settings
        normalize = request.normalize ?? defaults.normalizes ?? true
        dimensions = request.dimensions
        withEmbedding = request.embedding
    }

    /// The inputs behind the prompt that is asked for.
    private static func inputs(
        of request: EmbedRequest, limits: RequestLimits, model: LoadedModel
    ) throws(ServiceError) -> [EmbeddingInput] {
        let field = request.inputs.field
        var inputs = request.inputs.values
        guard !inputs.isEmpty else { throw .empty("`\(field)` cannot be empty", field: field) }
        guard inputs.count <= limits.maxClientBatchSize else {
            throw .invalid(
                "`\(field)` has \(inputs.count) texts, the limit is \(limits.maxClientBatchSize)", field: field)
        }
        if let index = inputs.firstIndex(where: \.isEmpty) {
            let place = request.inputs.isList ? "`\(field)[\(index)]`" : "`\(field)`"
            throw .empty("\(place) cannot be empty", field: field)
        }
        guard let name = request.promptName else { return inputs }
        do throws(GraceError) {
            for index in inputs.indices { inputs[index] = try model.input(inputs[index], behindPrompt: name) }
        } catch {
            throw ServiceError(error)
        }
        return inputs
    }

    /// The vector as asked for: cut to its first dimensions, then scaled to length 1.
    func output(_ vector: [Float]) -> [Float] {
        let cut = Array(vector.prefix(dimensions ?? vector.count))
        guard normalize else { return cut }
        let norm = cut.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return norm > 0 ? cut.map { Float(Double($0) / norm) } : cut
    }
}

/// What one request may ask for.
package struct RequestLimits: Sendable, Equatable {
    /// Texts of one request.
    package var maxClientBatchSize: Int
    /// Where the request says nothing.
    package var defaultMaxRationaleTokens: Int
    /// The most that a request may ask for.
    package var maxRationaleTokens: Int

    /// Limits as they are: the command line checks their ranges.
    package init(maxClientBatchSize: Int, defaultMaxRationaleTokens: Int, maxRationaleTokens: Int) {
        self.maxClientBatchSize = maxClientBatchSize
        self.defaultMaxRationaleTokens = defaultMaxRationaleTokens
        self.maxRationaleTokens = maxRationaleTokens
    }
}
