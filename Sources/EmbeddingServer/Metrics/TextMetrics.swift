import Grace
import Metrics

/// Texts: how many, how long, where their results came from, and what they waited for.
final class TextMetrics: EmbeddingObserver {
    private let count: Counter
    private let successes: Counter
    private let tokenizationTimes: Histogram
    private let queueTimes: Histogram
    private let inferenceTimes: Histogram
    private let inputLengths: Histogram
    private let rationaleLengths: Histogram
    private let sources: [ResultSource: Counter]

    init(_ registry: Registry) {
        count = registry.counter("te_embed_count", "Texts that requests asked to embed.")
        successes = registry.counter("te_embed_success", "Texts that were embedded.")
        func times(_ name: String, _ help: String) -> Histogram {
            registry.histogram("te_request_\(name)_duration", help, scale: .seconds)
        }
        tokenizationTimes = times("tokenization", "Seconds to make prompts of a request's texts.")
        queueTimes = times(
            "queue", "Seconds from submission to a place in the batch; the longest of a request's texts.")
        inferenceTimes = times("inference", "Seconds from there to the end; the longest of a request's texts.")
        inputLengths = registry.histogram(
            "te_request_input_length", "Tokens of a text's prompt, template and system message among them.",
            scale: .powersOfTwo(upTo: 8192))
        rationaleLengths = registry.histogram(
            "grace_rationale_length_tokens", "Tokens of rationales that were generated.",
            scale: .powersOfTwo(upTo: 2048))
        sources = Dictionary(
            uniqueKeysWithValues: ResultSource.allCases.map { source in
                let counter = registry.counter(
                    "grace_cache_results_total",
                    "Texts by where their results came from: kept (hit), of an equal text (shared), generated (miss).",
                    ["source": source.rawValue])
                return (source, counter)
            })
    }

    func began(textCount: Int) {
        count.add(textCount)
    }

    func ended(_ inputs: [EmbeddingInput], _ embeddings: [Embedding], tokenizationTime: Duration) {
        successes.add(embeddings.count)
        tokenizationTimes.record(tokenizationTime)
        queueTimes.record(embeddings.map(\.queueTime).max() ?? .zero)
        inferenceTimes.record(embeddings.map(\.inferenceTime).max() ?? .zero)
        for embedding in embeddings {
            inputLengths.record(embedding.promptTokenCount)
            sources[embedding.source]?.add()
            if embedding.source == .miss { rationaleLengths.record(embedding.rationaleTokens.count) }
        }
    }

    func failed(textCount: Int, _ error: GraceError) {}
}
