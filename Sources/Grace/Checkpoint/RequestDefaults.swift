import Checkpoints

/// What a checkpoint decides where a request does not; what is nil here the server decides.
package struct RequestDefaults: Sendable, Equatable {
    /// The rationale's longest length, in tokens.
    package let maxRationaleTokens: Int?
    /// 0 is greedy.
    package let temperature: Double?
    /// The probability mass that tokens are drawn from.
    package let topP: Double?
    /// Whether vectors are scaled to length 1.
    package let normalizes: Bool?

    init(_ manifest: GraceManifest?) {
        maxRationaleTokens = manifest?.generation.maxRationaleTokens
        temperature = manifest?.generation.temperature
        topP = manifest?.generation.topP
        normalizes = manifest?.normalizes
    }
}
