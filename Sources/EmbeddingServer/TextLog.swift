import Grace
import Logging

/// Writes texts and rationales into the log: only where the operator asks for it, for they may be anybody's secrets.
struct TextLog: EmbeddingObserver {
    let logger: Logger
    /// Told the same.
    let next: any EmbeddingObserver

    func began(textCount: Int) {
        next.began(textCount: textCount)
    }

    func ended(_ inputs: [EmbeddingInput], _ embeddings: [Embedding], tokenizationTime: Duration) {
        next.ended(inputs, embeddings, tokenizationTime: tokenizationTime)
        for (input, embedding) in zip(inputs, embeddings) {
            let text =
                switch input {
                case .text(let text): text
                case .tokens(let ids): "\(ids)"
                }
            var metadata: Logger.Metadata = [
                "text": .string(text), "rationale": .string(embedding.rationale.text),
                "source": .string(embedding.source.rawValue),
            ]
            if let identity = RequestIdentity.current { metadata["id"] = .string(identity.identifier) }
            logger.notice("text", metadata: metadata)
        }
    }

    func failed(textCount: Int, _ error: GraceError) {
        next.failed(textCount: textCount, error)
    }
}
