/// What a request says of how its texts are to be embedded. What is nil the checkpoint decides, or else the program.
package struct RequestedSettings: Sendable, Equatable {
    /// 0 embeds without a rationale.
    package var maxRationaleTokens: Int?
    /// 0 is greedy.
    package var temperature: Double?
    /// The probability mass that tokens are drawn from.
    package var topP: Double?
    /// nil derives the seed from the text.
    package var seed: UInt64?
    /// By how little a window of the rationale moves the vector for the rationale to end; nil never ends it.
    package var stopWhenStable: Double?
    /// Whether to tell how near the vector was to the final one while the rationale was written.
    package var traces = false
    /// Which end of a text gives way, or that it is refused.
    package var truncation = Truncation.right
    /// Of the vector, from its beginning; nil gives all.
    package var dimensions: Int?
    /// Whether vectors are scaled to length 1.
    package var normalizes: Bool?

    /// Says nothing.
    package init() {}

    /// What holds where the checkpoint does not decide either.
    package struct Limits: Sendable, Equatable {
        /// Where neither request nor checkpoint says it.
        package let defaultRationaleTokens: Int
        /// The most that a request may ask for.
        package let maxRationaleTokens: Int

        /// Takes both as they are.
        package init(defaultRationaleTokens: Int, maxRationaleTokens: Int) {
            self.defaultRationaleTokens = defaultRationaleTokens
            self.maxRationaleTokens = maxRationaleTokens
        }
    }

    /// Every value, the checkpoint's own before the program's.
    ///
    /// - Throws: `GraceError.setting`, with the field's name and both values.
    package func resolved(
        for model: LoadedModel, limits: Limits
    ) throws(GraceError) -> (settings: EmbeddingSettings, form: VectorForm) {
        let defaults = model.defaults
        let rationale = maxRationaleTokens ?? defaults.maxRationaleTokens ?? limits.defaultRationaleTokens
        guard (0...limits.maxRationaleTokens).contains(rationale) else {
            throw .setting(
                name: "max_rationale_tokens", found: "\(rationale)", allowed: "0 to \(limits.maxRationaleTokens)")
        }
        let temperature = temperature ?? defaults.temperature ?? 0
        guard (0...100).contains(temperature) else {
            throw .setting(name: "temperature", found: "\(temperature)", allowed: "0 to 100")
        }
        let topP = topP ?? defaults.topP ?? 1
        guard Float(topP) > 0, topP <= 1 else {
            throw .setting(name: "top_p", found: "\(topP)", allowed: "numbers over 0 up to 1")
        }
        if let stopWhenStable, !(0...2).contains(stopWhenStable) {
            throw .setting(name: "stop_when_stable", found: "\(stopWhenStable)", allowed: "0 to 2")
        }
        if let dimensions, !(1...model.dimensions).contains(dimensions) {
            throw .setting(name: "dimensions", found: "\(dimensions)", allowed: "1 to \(model.dimensions)")
        }
        var settings = EmbeddingSettings(
            maxRationaleTokens: rationale, temperature: Float(temperature), topP: Float(topP), seed: seed,
            truncation: truncation)
        settings.stableBelow = stopWhenStable
        settings.traces = traces
        return (
            settings, VectorForm(dimensions: dimensions, normalizes: normalizes ?? defaults.normalizes ?? true)
        )
    }
}

/// What is made of a mean before it is answered.
package struct VectorForm: Sendable, Equatable {
    /// The first ones of so many; nil keeps all.
    package let dimensions: Int?
    /// Whether what is kept is scaled to length 1.
    package let normalizes: Bool

    /// Takes both as they are.
    package init(dimensions: Int?, normalizes: Bool) {
        self.dimensions = dimensions
        self.normalizes = normalizes
    }

    /// The vector as asked for: cut to its first dimensions, then scaled to length 1.
    package func vector(of mean: [Float]) -> [Float] {
        let cut = Array(mean.prefix(dimensions ?? mean.count))
        guard normalizes else { return cut }
        let norm = cut.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return norm > 0 ? cut.map { Float(Double($0) / norm) } : cut
    }
}
