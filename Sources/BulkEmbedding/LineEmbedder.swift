import Engine
import Grace
import JSON

/// Makes a row of a line's text with one model.
struct LineEmbedder: Sendable {
    private let embedder: Embedder
    private let rowForm: RowForm
    private let settings: EmbeddingSettings
    private let vectorForm: VectorForm
    private let promptName: String?

    /// - Throws: `BulkError.grace` for settings that the model does not allow.
    init(
        _ embedder: Embedder, form: RowForm, _ request: RequestedSettings, _ limits: RequestedSettings.Limits,
        promptName: String?
    ) throws(BulkError) {
        self.embedder = embedder
        rowForm = form
        self.promptName = promptName
        do throws(GraceError) {
            (settings, vectorForm) = try request.resolved(for: embedder.model, limits: limits)
            // It is the same for all texts.
            if let promptName { _ = try embedder.model.input(.text(""), behindPrompt: promptName) }
        } catch {
            throw .grace(error)
        }
    }

    /// Of a vector as asked for.
    var channelCount: Int { vectorForm.dimensions ?? embedder.model.dimensions }

    /// The row of a line.
    func outcome(of line: TextLine) async -> LineOutcome {
        do throws(GraceError) {
            var input = EmbeddingInput.text(line.text)
            if let promptName { input = try embedder.model.input(input, behindPrompt: promptName) }
            let embedding = try await embedder.embed([input], settings: settings)[0]
            let bytes = rowForm.bytes(
                of: line, embedding, vector: vectorForm.vector(of: embedding.vector),
                checkpoint: embedder.model.identity)
            return .row(
                Row(bytes: bytes, tokenCount: embedding.promptTokenCount + embedding.rationaleTokens.count))
        } catch {
            return LineOutcome(error)
        }
    }

    /// What decides a row besides its line, by name.
    var settingValues: [String: JSONValue] {
        let model = embedder.model
        var values: [String: JSONValue] = [
            "checkpoint": .string("\(model.identity.name)@\(model.identity.fingerprint)"),
            "compute": .string(model.compute),
            "rows": .string(rowForm.name),
            "dimensions": .integer(channelCount),
            "normalize": .bool(vectorForm.normalizes),
            "max_rationale_tokens": .integer(settings.maxRationaleTokens),
            "temperature": .number(Double(settings.temperature)),
            "top_p": .number(Double(settings.topP)),
            "seed": settings.seed.map { .string("\($0)") } ?? .null,
            "truncation": .string("\(settings.truncation)"),
            "prompt_name": promptName.map { .string($0) } ?? .null,
        ]
        // Absent where nobody asks: progress of versions without them is gone on with.
        values["stop_when_stable"] = settings.stableBelow.map { .number($0) }
        values["trace"] = settings.traces ? .bool(true) : nil
        return values
    }
}

extension RowForm {
    /// In a word, for who compares.
    fileprivate var name: String {
        switch self {
        case .vector(let encoding): "embed, \(encoding.rawValue)"
        case .explanation(let withVector): withVector ? "explain, with vectors" : "explain"
        case .numPy: "npy"
        }
    }
}
