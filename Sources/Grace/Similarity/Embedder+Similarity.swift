import Engine
import Tokenization

/// How the similarity of texts is to be taken apart.
package struct ComparisonSettings: Sendable, Equatable {
    /// What the spans are.
    package var granularity: SpanGranularity
    /// How many contributions to tell of for each text that is compared with the first.
    package var contributionCount: Int
    /// The first channels of the vectors, which are compared; nil for all.
    package var dimensions: Int?
    /// The checkpoint's own prompt that the inputs stand behind.
    package var promptName: String?

    /// Sentences, and whole vectors.
    package init(
        granularity: SpanGranularity = .sentences, contributionCount: Int, dimensions: Int? = nil,
        promptName: String? = nil
    ) {
        self.granularity = granularity
        self.contributionCount = contributionCount
        self.dimensions = dimensions
        self.promptName = promptName
    }
}

/// One text compared with others.
package struct TextComparison: Sendable {
    /// Of all texts, in order.
    package let embeddings: [Embedding]
    /// Of each text its spans.
    package let spans: [[TextSpan]]
    /// The first text with each of the others, in their order.
    package let decompositions: [SimilarityDecomposition]
}

/// Why texts are close: similarities, taken apart.
extension Embedder {
    /// The most pairs of spans of one comparison: about a second's work, and tens of megabytes.
    private static let mostPairs = 1 << 21

    /// Embeds the inputs as one request, and takes the cosine of the first one's vector with each other's apart.
    ///
    /// Nothing that was kept is used, nor is what comes of it: results are kept without their states.
    /// - Parameter progress: told of the rationales while they are written.
    /// - Throws: `GraceError`; `.tooManySpanPairs` and what the states' room is too small for, before anything is
    ///   generated.
    /// - Precondition: there are at least two inputs, and no fewer channels than dimensions.
    package func compare(
        _ inputs: [EmbeddingInput], settings: EmbeddingSettings, _ comparison: ComparisonSettings,
        progress: GenerationProgress? = nil
    ) async throws(GraceError) -> TextComparison {
        precondition(inputs.count > 1, "a text is compared with another")
        let start = ContinuousClock.now
        observer?.began(textCount: inputs.count)
        do throws(GraceError) {
            let layouts = try await layouts(of: inputs, settings: settings, comparison)
            let tokenizationTime = ContinuousClock.now - start
            let result = try await compare(inputs, layouts, settings, comparison, progress)
            observer?.ended(inputs, result.embeddings, tokenizationTime: tokenizationTime)
            return result
        } catch {
            observer?.failed(textCount: inputs.count, error)
            throw error
        }
    }

    private func layouts(
        of inputs: [EmbeddingInput], settings: EmbeddingSettings, _ comparison: ComparisonSettings
    ) async throws(GraceError) -> [PromptLayout] {
        let limit = try promptLimit(maxRationaleTokens: settings.maxRationaleTokens)
        let builder = model.promptBuilder
        return try await onPromptQueue { isCancelled throws(GraceError) in
            var layouts: [PromptLayout] = []
            var counts: [Int] = []
            for (index, input) in inputs.enumerated() {
                guard !isCancelled() else { throw .engine(.cancelled) }
                let layout = try builder.layout(
                    for: input, limit: limit, truncation: settings.truncation, index: index)
                layouts.append(layout)
                counts.append(
                    layout.spanLimit(maxRationaleTokens: settings.maxRationaleTokens, comparison.granularity))
            }
            let pairs = counts[0] * counts.dropFirst().reduce(0, +)
            guard pairs <= Self.mostPairs else {
                throw .tooManySpanPairs(granularity: comparison.granularity, needed: pairs, limit: Self.mostPairs)
            }
            return layouts
        }
    }

    private func compare(
        _ inputs: [EmbeddingInput], _ layouts: [PromptLayout], _ settings: EmbeddingSettings,
        _ comparison: ComparisonSettings, _ progress: GenerationProgress?
    ) async throws(GraceError) -> TextComparison {
        let prompts = layouts.map(\.prompt)
        var requests = requests(for: inputs, prompts, settings)
        for index in requests.indices { requests[index].wantsTokenStates = true }
        let reservation: TokenStateBudget.Reservation
        let outcomes: [SharedGenerations.Outcome]
        do throws(EngineError) {
            reservation = try tokenStates.reserve(requests)
            outcomes = try await SharedGenerations(entryLimit: 0).generate(
                requests, computedBy: computedBy, on: engine, priority: settings.priority, progress: progress)
        } catch {
            throw .engine(error)
        }
        defer { withExtendedLifetime(reservation) {} }
        let embeddings = zip(outcomes, zip(prompts, requests)).map { outcome, asked in
            embedding(outcome.result, outcome.source, prompt: asked.0, asked.1)
        }
        let (spans, decompositions) = try await decompose(outcomes.map(\.result), layouts, comparison)
        return TextComparison(embeddings: embeddings, spans: spans, decompositions: decompositions)
    }

    private func decompose(
        _ results: [GenerationResult], _ layouts: [PromptLayout], _ comparison: ComparisonSettings
    ) async throws(GraceError) -> ([[TextSpan]], [SimilarityDecomposition]) {
        let promptCount = try comparison.promptName.map { name throws(GraceError) in try model.prompt(name) }?
            .unicodeScalars.count
        let (tokenizer, channels) = (model.tokenizer, model.dimensions)
        return try await on(comparisonQueue) { isCancelled throws(GraceError) in
            var spans: [[TextSpan]] = []
            var decompositions: [SimilarityDecomposition] = []
            var first: SpanSums?
            for (result, layout) in zip(results, layouts) {
                guard !isCancelled() else { throw .engine(.cancelled) }
                let spanned = layout.spans(
                    rationale: result.rationale, tokenizer, promptCount: promptCount ?? 0, comparison.granularity)
                let sums = SpanSums(
                    states: result.tokenStates, channels: channels, dimensions: comparison.dimensions ?? channels,
                    spanOfToken: spanned.spanOfToken, spanCount: spanned.spans.count)
                spans.append(spanned.spans)
                if let first {
                    decompositions.append(
                        SimilarityDecomposition(first, sums, count: comparison.contributionCount))
                } else {
                    first = sums
                }
            }
            return (spans, decompositions)
        }
    }
}
