import Engine
import Grace

/// A request whose every value is allowed.
struct ValidatedRequest {
    let inputs: [EmbeddingInput]
    let settings: EmbeddingSettings
    let form: VectorForm
    let withEmbedding: Bool

    /// - Parameters:
    ///   - model: the model that will answer; its own defaults come before the server's.
    ///   - allowsNothing: whether the inputs may be missing; all else is looked at nevertheless.
    /// - Throws: `ServiceError.empty`, `.invalid`, naming the field and both values.
    init(
        _ request: EmbedRequest, limits: RequestLimits, model: LoadedModel, allowsNothing: Bool = false
    ) throws(ServiceError) {
        let isNothing = allowsNothing && request.inputs.isNothing
        inputs = isNothing ? [] : try Self.inputs(of: request, limits: limits, model: model)
        do throws(GraceError) {
            var (settings, form) = try request.settings.resolved(for: model, limits: limits.settings)
            settings.priority = request.isInteractive ? .interactive : .bulk
            (self.settings, self.form) = (settings, form)
        } catch {
            throw ServiceError(error)
        }
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

    /// Those of the settings.
    var settings: RequestedSettings.Limits {
        RequestedSettings.Limits(
            defaultRationaleTokens: defaultMaxRationaleTokens, maxRationaleTokens: maxRationaleTokens)
    }
}
