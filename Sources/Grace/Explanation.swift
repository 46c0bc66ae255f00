import Engine
import JSON

extension JSONWriter {
    /// The members of an explanation, one element of the answer of `/explain`, in the order of their names.
    ///
    /// - Parameter vector: written where it was asked for.
    package mutating func explanation(
        _ embedding: Embedding, checkpoint: ModelIdentity, vector: [Float]?
    ) {
        let rationale = embedding.rationale
        member("checkpoint", checkpoint.description)
        if let vector { member("embedding", vector) }
        member("finish_reason", embedding.finishReason.rawValue)
        member("prompt_tokens", embedding.promptTokenCount)
        member("rationale", rationale.text)
        member("rationale_tokens", embedding.rationaleTokens.count)
        // Null, not absent, without a pair of tags.
        member("reasoning", rationale.reasoning)
        member("seed", embedding.seed)
        if let trace = embedding.trace { member("trace", trace) }
        member("truncated", embedding.isTruncated)
        member("understanding", rationale.understanding)
    }
}
