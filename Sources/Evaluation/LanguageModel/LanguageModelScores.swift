import Confinement
import Dispatch
import Engine
import Foundation
import Grace
import Tokenization
import Transformer

/// What a checkpoint can still do beside embedding: foresee plain text, and answer as its base does.
package enum LanguageModelScores {
    /// The system message before an instruction, the same for both models.
    package static let systemPrompt = "You are a helpful assistant."

    /// How well a model foresees a text, cut into windows of so many tokens that know nothing of each other.
    ///
    /// - Parameters:
    ///   - file: the text's name.
    ///   - window: at least 2, at most the model's context.
    /// - Throws: `EvaluationError.tooFew`, `.option`, `.notFinite`
    package static func perplexity(
        of text: String, file: String, model: LoadedModel, window: Int, threads: Int,
        progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(EvaluationError) -> PerplexityResult {
        guard (2...model.contextLength).contains(window) else {
            throw .option("--window", found: "\(window)", allowed: "2 to \(model.contextLength) tokens")
        }
        let tokens = model.tokenizer.encode(text, controlTokens: .asText)
        guard tokens.count > 1 else { throw .tooFew(file: file, what: "tokens", found: tokens.count, needed: 2) }
        let (loss, scored, byteCount) = await runBlocking(on: DispatchQueue(label: "perplexity")) {
            let scorer = TokenScorer(model.transformer, threads: threads)
            var (loss, scored, byteCount) = (0.0, 0, 0)
            for start in stride(from: 0, to: tokens.count, by: window) {
                let piece = Array(tokens[start..<min(start + window, tokens.count)])
                scorer.forEachRow(of: piece) { position, logits in
                    guard position + 1 < piece.count else { return }
                    loss -= logProbabilities(logits)[Int(piece[position + 1])]
                    scored += 1
                    byteCount += model.tokenizer.bytes(of: piece[position + 1]).count
                }
                progress(start + piece.count, tokens.count)
            }
            return (loss, scored, byteCount)
        }
        guard loss.isFinite else { throw .notFinite(what: "the perplexity of \(file)") }
        return PerplexityResult(
            file: file, tokens: scored, window: window, meanLoss: loss / Double(scored),
            bitsPerByte: loss / log(2) / Double(max(1, byteCount)))
    }

    /// How far a checkpoint has moved from its base: both read the base's greedy answers, and what they find likely is
    /// compared at each token.
    ///
    /// - Parameters:
    ///   - file: the instructions' name.
    ///   - answerTokens: of an answer at most.
    /// - Throws: `EvaluationError.differentTokens`, `.model`, `.tooFew`, `.notFinite`
    package static func divergence(
        of checkpoint: LoadedModel, from base: LoadedModel, instructions: [String], file: String, answerTokens: Int,
        threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
    ) async throws(EvaluationError) -> DivergenceResult {
        guard !instructions.isEmpty else { throw .tooFew(file: file, what: "instructions", found: 0, needed: 1) }
        let prompts = try prompts(for: instructions, checkpoint: checkpoint, base: base, answerTokens: answerTokens)
        let answers = try await answers(to: prompts, base, answerTokens: answerTokens, threads: threads)
        let sums = await runBlocking(on: DispatchQueue(label: "divergence")) {
            let scorers = (
                checkpoint: TokenScorer(checkpoint.transformer, threads: threads),
                base: TokenScorer(base.transformer, threads: threads)
            )
            var sums = DivergenceSums()
            for (index, (prompt, answer)) in zip(prompts, answers).enumerated() {
                let tokens = prompt + answer
                var expected: [[Float]] = []
                scorers.base.forEachRow(of: tokens, from: prompt.count - 1) { _, logits in expected.append(logits) }
                scorers.checkpoint.forEachRow(of: tokens, from: prompt.count - 1) { position, logits in
                    sums.add(checkpoint: logits, base: expected[position - prompt.count + 1])
                }
                progress(index + 1, prompts.count)
            }
            return sums
        }
        guard sums.fromBase.isFinite, sums.toBase.isFinite else { throw .notFinite(what: "the divergence") }
        let count = Double(sums.tokens)
        return DivergenceResult(
            base: base.identity.description, file: file, instructions: instructions.count, tokens: sums.tokens,
            fromBase: sums.fromBase / count, toBase: sums.toBase / count,
            agreement: Double(sums.agreements) / count)
    }

    private static func prompts(
        for instructions: [String], checkpoint: LoadedModel, base: LoadedModel, answerTokens: Int
    ) throws(EvaluationError) -> [[TokenID]] {
        func differ(_ what: String) -> EvaluationError {
            .differentTokens(
                base: base.identity.description, checkpoint: checkpoint.identity.description, what: what)
        }
        let sizes = [base, checkpoint].map(\.transformer.configuration.vocabularySize)
        guard sizes[0] == sizes[1] else { throw differ("\(sizes[0]) and \(sizes[1]) logits") }
        let limit = min(base.contextLength, checkpoint.contextLength) - answerTokens
        guard limit > 0 else {
            throw .option(
                "--answer-tokens", found: "\(answerTokens)", allowed: "1 to \(limit + answerTokens - 1)")
        }
        var prompts: [[TokenID]] = []
        for instruction in instructions {
            let tokens = try [base, checkpoint].map { model throws(EvaluationError) in
                do throws(GraceError) {
                    let builder = GracePromptBuilder(
                        tokenizer: model.tokenizer, template: model.promptBuilder.template, systemPrompt: systemPrompt,
                        beginOfText: model.promptBuilder.beginOfText, endOfText: model.promptBuilder.endOfText)
                    return try builder.prompt(for: instruction, limit: limit, truncation: .refuse).tokens
                } catch {
                    throw .text(instruction, error)
                }
            }
            guard tokens[0] == tokens[1] else { throw differ("the prompt of \"\(instruction.prefix(60))\"") }
            prompts.append(tokens[0])
        }
        return prompts
    }

    private static func answers(
        to prompts: [[TokenID]], _ base: LoadedModel, answerTokens: Int, threads: Int
    ) async throws(EvaluationError) -> [[TokenID]] {
        let longest = (prompts.map(\.count).max() ?? 0) + answerTokens
        let engine = GenerationEngine(
            model: base.transformer,
            configuration: .init(
                stopTokens: base.stopTokens, sharedPrefix: [],
                limits: .init(
                    maxLiveRequests: 32, maxBatchTokens: max(16_384, longest), maxStepTokens: 256,
                    maxRequests: prompts.count), workers: threads, speculation: Speculation()))
        let requests = prompts.map { prompt in
            GenerationRequest(
                prompt: prompt, poolingStart: 0, maxRationaleTokens: answerTokens,
                sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
        }
        let outcome: Result<[GenerationResult], EngineError>
        do throws(EngineError) {
            outcome = .success(try await engine.generate(requests))
        } catch {
            outcome = .failure(error)
        }
        await runBlocking(on: DispatchQueue(label: "ending")) { engine.stop() }
        do throws(EngineError) {
            return try outcome.get().map(\.rationale)
        } catch {
            throw .model(.engine(error))
        }
    }
}

/// Of the tokens so far.
private struct DivergenceSums: Sendable {
    var (fromBase, toBase) = (0.0, 0.0)
    var (tokens, agreements) = (0, 0)

    mutating func add(checkpoint: [Float], base: [Float]) {
        let (found, expected) = (logProbabilities(checkpoint), logProbabilities(base))
        fromBase += divergence(found, expected)
        toBase += divergence(expected, found)
        tokens += 1
        if likeliest(found) == likeliest(expected) { agreements += 1 }
    }

    private func likeliest(_ values: [Double]) -> Int {
        values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
    }
}
