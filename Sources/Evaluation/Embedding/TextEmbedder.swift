/// What turns texts into vectors: a model in this process, a server, or a fake of the tests.
package protocol TextEmbedder: Sendable {
    /// What its vectors are known by.
    var identity: EmbedderIdentity { get }
    /// How many texts it wants at a time.
    var concurrency: Int { get }

    /// Embeds one text.
    ///
    /// - Throws: `EvaluationError`
    func embed(_ text: String, as settings: RationaleSettings) async throws(EvaluationError) -> EmbeddedText
}

/// What vectors are known by: of two identities they must not be mixed.
package struct EmbedderIdentity: Sendable, Equatable {
    /// The checkpoint's name.
    package let name: String
    /// Its fingerprint; a server tells the whole of it, too.
    package let fingerprint: String
    /// Number format and kernels.
    package let compute: String

    /// Takes the parts as they are.
    package init(name: String, fingerprint: String, compute: String) {
        self.name = name
        self.fingerprint = fingerprint
        self.compute = compute
    }
}

/// How one text is to be embedded.
package struct RationaleSettings: Sendable, Equatable {
    /// 0 embeds without a rationale.
    package var maxRationaleTokens: Int
    /// 0 is greedy.
    package var temperature: Double
    /// Decides the draws where the temperature is over 0.
    package var seed: UInt64
    /// By how little a window of the rationale moves the vector for the rationale to end; nil never ends it.
    package var stopWhenStable: Double?

    /// Takes the values as they are.
    package init(maxRationaleTokens: Int, temperature: Double, seed: UInt64, stopWhenStable: Double? = nil) {
        self.maxRationaleTokens = maxRationaleTokens
        self.temperature = temperature
        self.seed = seed
        self.stopWhenStable = stopWhenStable
    }

    /// Without a rationale.
    package static let withoutRationale = RationaleSettings(maxRationaleTokens: 0, temperature: 0, seed: 0)
}

/// A text's vector and its rationale.
package struct EmbeddedText: Sendable, Equatable {
    /// `[channels]`, as it was pooled, not scaled.
    package var vector: [Float]
    /// Empty where none was asked for.
    package var rationale: String
    /// The rationale's length, in tokens.
    package var rationaleTokens: Int
    /// Whether the limit ended the rationale, and not the model.
    package var isCutOff: Bool
    /// Whether the text was too long and was cut.
    package var isTruncated: Bool

    /// Takes the parts as they are.
    package init(
        vector: [Float], rationale: String = "", rationaleTokens: Int = 0, isCutOff: Bool = false,
        isTruncated: Bool = false
    ) {
        self.vector = vector
        self.rationale = rationale
        self.rationaleTokens = rationaleTokens
        self.isCutOff = isCutOff
        self.isTruncated = isTruncated
    }
}
