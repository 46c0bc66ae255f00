import Confinement
import Dispatch
import Engine
import Tensors
import Tokenization
import Transformer

/// How texts are to be embedded.
package struct EmbeddingSettings: Sendable, Equatable {
    /// 0 embeds without a rationale.
    package var maxRationaleTokens: Int
    /// 0 is greedy.
    package var temperature: Float
    /// The probability mass that tokens are drawn from, over 0 and at most 1; without effect where greedy.
    package var topP: Float
    /// nil derives the seed from the text, so that the same text always gives the same vector.
    package var seed: UInt64?
    /// Which end of a text gives way, or that it is refused.
    package var truncation: Truncation
    /// A rationale ends once a window of it moved the vector by less than this (`GenerationRequest.stableBelow`); nil never.
    package var stableBelow: Double?
    /// Whether to tell how near the vector was to the final one while the rationale was written.
    package var traces = false
    /// Who is served first; it changes no result.
    package var priority = BatchScheduler.Priority.bulk

    /// The server's defaults: a greedy rationale of at most 64 tokens, texts cut at their end.
    package init(
        maxRationaleTokens: Int = 64, temperature: Float = 0, topP: Float = 1, seed: UInt64? = nil,
        truncation: Truncation = .right
    ) {
        self.maxRationaleTokens = maxRationaleTokens
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
        self.truncation = truncation
    }
}

/// A text's vector and the rationale behind it.
package struct Embedding: Sendable {
    /// The mean of the hidden states, not normalised, `[channels]`.
    package let vector: [Float]
    /// What ended the rationale.
    package let finishReason: FinishReason
    /// After each window of the rationale, the cosine of the vector so far and the final one; nil unless asked for.
    package let trace: [Float]?
    /// Tokens of the whole prompt: system message, template and the text as it was cut.
    package let promptTokenCount: Int
    /// The rationale's tokens, without the one that ended it.
    package let rationaleTokens: [Tokenization.TokenID]
    /// Whether the text was cut to fit.
    package let isTruncated: Bool
    /// Rationale tokens that were guessed before they were sampled.
    package let draftedTokenCount: Int
    /// Those of them that were right.
    package let acceptedTokenCount: Int
    /// The seed that was used, given or derived: with it the rationale can be drawn again.
    package let seed: UInt64
    /// Whether it was generated for this text, or for an earlier one that was the same.
    package let source: ResultSource
    /// From the generation's submission to a place in the batch; zero of a hit.
    package let queueTime: Duration
    /// From a place in the batch to the end; zero of a hit.
    package let inferenceTime: Duration
    fileprivate let tokenizer: Tokenizer

    /// What the model wrote; empty where no rationale was asked for. Decoded at each call: who wants vectors does without.
    package var rationale: Rationale {
        Rationale(tokenizer.decode(rationaleTokens, skipControlTokens: true))
    }
}

/// Turns texts into rationales and vectors with one model.
package struct Embedder: Sendable {
    /// The model that every text of this embedder runs through.
    package let model: LoadedModel
    /// Runs the model; it must be stopped when the embedder is no longer used.
    package let engine: GenerationEngine
    /// Tokens of a prompt, before the model's context is considered.
    package let maxInputTokens: Int
    private let sharing: SharedGenerations
    let observer: (any EmbeddingObserver)?
    /// What decides a result beside the request.
    let computedBy: String
    private let promptCache = PromptCache()
    let promptQueue = DispatchQueue(label: "prompts")
    /// Beside that of prompts: they must not wait for the spans of other texts.
    let comparisonQueue = DispatchQueue(label: "comparisons")
    /// What those may keep that want token states.
    package let tokenStates: TokenStateBudget

    /// Starts an engine for the model.
    ///
    /// - Parameters:
    ///   - workers: threads for products that are not OpenBLAS's.
    ///   - speculation: whether to run ahead of what is written, where that changes no bit.
    ///   - turns: shared with the engines of other models.
    ///   - sharing: what texts that are the same share, with other embedders too; by default nothing.
    ///   - observer: told of the texts of requests; not of those of ``embedAnew(_:settings:)``.
    ///   - onStep: told of every step of the engine, on its thread.
    /// - Throws: `GraceError.noRoomForText` where the limits leave no text room, `.template`
    package init(
        model: LoadedModel, limits: BatchScheduler.Limits, maxInputTokens: Int, workers: Int = 1,
        speculation: Speculation? = nil, turns: StepTurns = StepTurns(),
        sharing: SharedGenerations = SharedGenerations(entryLimit: 0), observer: (any EmbeddingObserver)? = nil,
        onStep: (@Sendable (StepReport) -> Void)? = nil
    ) throws(GraceError) {
        let promptTokens = try model.promptBuilder.tokenCountWithoutText()
        let limit = min(maxInputTokens, model.contextLength, limits.maxBatchTokens)
        guard promptTokens < limit else { throw .noRoomForText(promptTokens: promptTokens, limit: limit) }
        self.model = model
        self.maxInputTokens = maxInputTokens
        self.sharing = sharing
        self.observer = observer
        tokenStates = TokenStateBudget(limit: limits.maxBatchTokens)
        computedBy = "\(model.identity.fingerprint) \(model.compute)"
        var configuration = GenerationEngine.Configuration(
            stopTokens: model.stopTokens, sharedPrefix: try model.promptBuilder.sharedPrefix(), limits: limits,
            workers: workers, speculation: speculation, turns: turns)
        configuration.onStep = onStep
        engine = GenerationEngine(model: model.transformer, configuration: configuration)
    }

    /// Embeds the texts as one request: all of them or none.
    ///
    /// - Parameter progress: told of the rationales while they are written.
    /// - Throws: `GraceError`
    package func embed(
        _ texts: [String], settings: EmbeddingSettings, progress: GenerationProgress? = nil
    ) async throws(GraceError) -> [Embedding] {
        try await embed(texts.map { .text($0) }, settings: settings, progress: progress)
    }

    /// Embeds texts and tokens as one request: all of them or none.
    ///
    /// - Parameter progress: told of the rationales while they are written.
    /// - Throws: `GraceError`
    package func embed(
        _ inputs: [EmbeddingInput], settings: EmbeddingSettings, progress: GenerationProgress? = nil
    ) async throws(GraceError) -> [Embedding] {
        try await embed(inputs, settings: settings, sharing: sharing, observer: observer, progress: progress)
    }

    private func embed(
        _ inputs: [EmbeddingInput], settings: EmbeddingSettings, sharing: SharedGenerations,
        observer: (any EmbeddingObserver)? = nil, progress: GenerationProgress? = nil
    ) async throws(GraceError) -> [Embedding] {
        let start = ContinuousClock.now
        observer?.began(textCount: inputs.count)
        do throws(GraceError) {
            let prompts = try await prompts(for: inputs, settings: settings)
            let tokenizationTime = ContinuousClock.now - start
            let embeddings = try await embeddings(
                of: inputs, prompts, settings: settings, sharing: sharing, progress: progress)
            observer?.ended(inputs, embeddings, tokenizationTime: tokenizationTime)
            return embeddings
        } catch {
            observer?.failed(textCount: inputs.count, error)
            throw error
        }
    }

    private func embeddings(
        of inputs: [EmbeddingInput], _ prompts: [GracePrompt], settings: EmbeddingSettings,
        sharing: SharedGenerations, progress: GenerationProgress?
    ) async throws(GraceError) -> [Embedding] {
        let requests = requests(for: inputs, prompts, settings)
        let outcomes: [SharedGenerations.Outcome]
        do throws(EngineError) {
            outcomes = try await sharing.generate(
                requests, computedBy: computedBy, on: engine, priority: settings.priority, progress: progress)
        } catch {
            throw .engine(error)
        }
        return zip(outcomes, zip(prompts, requests)).map { outcome, asked in
            embedding(outcome.result, outcome.source, prompt: asked.0, asked.1)
        }
    }

    /// The embedding of a short input whose result is kept, in no more time than it takes to make its prompt; nil of all else,
    /// errors among it, for which ``embed(_:settings:progress:)`` is there.
    package func kept(_ input: EmbeddingInput, settings: EmbeddingSettings) -> Embedding? {
        guard input.size <= PromptCache.shortInput else { return nil }
        let start = ContinuousClock.now
        let found: (prompt: GracePrompt, requests: [GenerationRequest], outcomes: [SharedGenerations.Outcome])
        do throws(GraceError) {
            let limit = try promptLimit(maxRationaleTokens: settings.maxRationaleTokens)
            let prompt = try prompt(for: input, limit: limit, settings.truncation, index: 0)
            let requests = requests(for: [input], [prompt], settings)
            guard let outcomes = sharing.kept(requests, computedBy: computedBy) else { return nil }
            found = (prompt, requests, outcomes)
        } catch {
            return nil
        }
        let embedding = embedding(found.outcomes[0].result, .hit, prompt: found.prompt, found.requests[0])
        observer?.began(textCount: 1)
        observer?.ended([input], [embedding], tokenizationTime: .now - start)
        return embedding
    }

    func requests(
        for inputs: [EmbeddingInput], _ prompts: [GracePrompt], _ settings: EmbeddingSettings
    ) -> [GenerationRequest] {
        zip(inputs, prompts).map { input, prompt in
            var request = GenerationRequest(
                prompt: prompt.tokens, poolingStart: prompt.poolingStart,
                maxRationaleTokens: settings.maxRationaleTokens,
                sampling: SamplingSettings(
                    temperature: settings.temperature, topP: settings.topP,
                    seed: settings.seed ?? model.derivedSeed(of: input)))
            request.wantsTrace = settings.traces
            request.stableBelow = settings.stableBelow
            return request
        }
    }

    /// Embeds a text without results that are kept or shared.
    ///
    /// - Throws: `GraceError`
    package func embedAnew(_ text: String, settings: EmbeddingSettings) async throws(GraceError) -> Embedding {
        try await embed([.text(text)], settings: settings, sharing: SharedGenerations(entryLimit: 0))[0]
    }

    /// Whether no text is live or waiting.
    package var isIdle: Bool {
        let load = engine.load
        return load.live + load.waiting == 0
    }

    func embedding(
        _ result: GenerationResult, _ source: ResultSource, prompt: GracePrompt, _ request: GenerationRequest
    ) -> Embedding {
        Embedding(
            vector: result.mean,
            finishReason: result.finishReason, trace: request.wantsTrace ? result.trace : nil,
            promptTokenCount: prompt.tokens.count,
            rationaleTokens: result.rationale, isTruncated: prompt.isTruncated,
            draftedTokenCount: result.draftedTokenCount, acceptedTokenCount: result.acceptedTokenCount,
            seed: request.sampling.seed, source: source,
            queueTime: source == .hit ? .zero : result.queueTime,
            inferenceTime: source == .hit ? .zero : result.inferenceTime, tokenizer: model.tokenizer)
    }

    /// Makes the prompts of one request, or none when its task is cancelled.
    ///
    /// On a queue of its own: a long text takes a processor for a while, which the cooperative pool must not lend. A few
    /// short ones take less than the way to the queue and back.
    private func prompts(
        for inputs: [EmbeddingInput], settings: EmbeddingSettings
    ) async throws(GraceError) -> [GracePrompt] {
        let limit = try promptLimit(maxRationaleTokens: settings.maxRationaleTokens)
        if inputs.count <= 4, inputs.reduce(0, { $0 + $1.size }) <= 2048 {
            return try prompts(for: inputs, limit: limit, settings.truncation) { Task.isCancelled }
        }
        return try await onPromptQueue { isCancelled throws(GraceError) in
            try prompts(for: inputs, limit: limit, settings.truncation, isCancelled: isCancelled)
        }
    }

    private func prompts(
        for inputs: [EmbeddingInput], limit: Int, _ truncation: Truncation, isCancelled: () -> Bool
    ) throws(GraceError) -> [GracePrompt] {
        var prompts: [GracePrompt] = []
        for (index, input) in inputs.enumerated() {
            guard !isCancelled() else { throw .engine(.cancelled) }
            prompts.append(try prompt(for: input, limit: limit, truncation, index: index))
        }
        return prompts
    }

    private func prompt(
        for input: EmbeddingInput, limit: Int, _ truncation: Truncation, index: Int
    ) throws(GraceError) -> GracePrompt {
        try promptCache.prompt(for: input, limit: limit, truncation) { () throws(GraceError) in
            try model.promptBuilder.prompt(for: input, limit: limit, truncation: truncation, index: index)
        }
    }

    /// Text and rationale share the model's context.
    func promptLimit(maxRationaleTokens: Int) throws(GraceError) -> Int {
        let contextLength = model.contextLength
        guard maxRationaleTokens < contextLength else {
            throw .rationaleTooLong(tokens: maxRationaleTokens, contextLength: contextLength)
        }
        return min(maxInputTokens, contextLength - maxRationaleTokens)
    }
}
