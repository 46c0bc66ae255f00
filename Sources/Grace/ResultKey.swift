import Engine

/// What decides a rationale and its vector: equal keys stand for equal results.
struct ResultKey: Hashable, Sendable {
    /// The checkpoint's fingerprint and the arithmetic.
    let computedBy: String
    /// The text as the model reads it, after truncation, and the settings that matter.
    let request: GenerationRequest

    /// The key of a request; settings without effect on it are those of every such request.
    init(_ request: GenerationRequest, computedBy: String) {
        self.computedBy = computedBy
        var request = request
        // Where nothing is drawn, seed and temperature are of no use: derived from the text, they are often there.
        if request.maxRationaleTokens == 0 || request.sampling.temperature <= 0 {
            request.sampling = SamplingSettings(temperature: 0, topP: 1, seed: 0)
        }
        // Nothing is written that could be traced, or ended.
        if request.maxRationaleTokens == 0 { (request.wantsTrace, request.stableBelow) = (false, nil) }
        self.request = request
    }

    /// About, without what all keys share.
    var byteCount: Int { MemoryLayout<Self>.size + request.prompt.count * MemoryLayout<Int32>.size }
}

extension GenerationResult {
    /// About, in memory, with what a table needs to find it.
    var byteCount: Int {
        let bookkeeping = 256
        return bookkeeping + rationale.count * MemoryLayout<Int32>.size
            + (mean.count + tokenStates.count + trace.count) * MemoryLayout<Float>.size
    }
}
