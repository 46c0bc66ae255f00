import Datasets
import Engine
import Grace
import RandomNumbers
import Tokenization
import Transformer

/// How rollouts are written (method, section 2).
package struct RolloutSettings: Sendable, Equatable {
    /// Rationales of each text that are trained: K.
    package var count: Int
    /// Of those.
    package var temperature: Double
    /// The mass that they are drawn from.
    package var topP: Double
    /// Of the query's rationale and the negative's.
    package var otherTemperature: Double
    /// The longest rationale.
    package var maxRationaleTokens: Int
    /// The longest prompt; texts over it are cut.
    package var maxPromptTokens: Int

    /// By default as published.
    package init(
        count: Int = 8, temperature: Double = 1, topP: Double = 1, otherTemperature: Double = 0.5,
        maxRationaleTokens: Int = 2048, maxPromptTokens: Int = 1024
    ) {
        self.count = count
        self.temperature = temperature
        self.topP = topP
        self.otherTemperature = otherTemperature
        self.maxRationaleTokens = maxRationaleTokens
        self.maxPromptTokens = maxPromptTokens
    }
}

/// Lets the serving engine write rationales with the weights as they are.
package struct RolloutWriter: Sendable {
    /// How.
    package private(set) var settings: RolloutSettings
    let promptBuilder: GracePromptBuilder
    let stopTokens: Set<Tokenization.TokenID>
    let sharedPrefix: [Tokenization.TokenID]
    private let limits: BatchScheduler.Limits
    private let workers: Int

    /// - Parameters:
    ///   - rows: rationales that are written at once.
    ///   - workers: threads for what is not OpenBLAS's.
    /// - Throws: `TrainingError.grace` where the template cannot be rendered; `.contextTooShort`
    package init(
        model: LoadedModel, settings: RolloutSettings, rows: Int = 64, workers: Int = 1
    ) throws(TrainingError) {
        self.settings = settings
        self.workers = workers
        promptBuilder = model.promptBuilder
        stopTokens = model.stopTokens
        do throws(GraceError) {
            sharedPrefix = try model.promptBuilder.sharedPrefix()
        } catch {
            throw .grace(error)
        }
        let positions = settings.maxPromptTokens + settings.maxRationaleTokens
        guard positions <= model.contextLength else {
            throw .contextTooShort(
                prompt: settings.maxPromptTokens, rationale: settings.maxRationaleTokens, context: model.contextLength)
        }
        limits = BatchScheduler.Limits(
            maxLiveRequests: rows, maxBatchTokens: positions * rows, maxStepTokens: max(512, rows),
            maxRequests: .max)
    }

    /// The same, of another number of rationales that are trained.
    func with(count: Int) -> RolloutWriter {
        var writer = self
        writer.settings.count = count
        return writer
    }

    /// What is to be written of one text.
    private struct Order {
        let text: String
        let temperature: Double
        let seed: UInt64
    }

    /// Writes the rollouts of some examples, all of them or none.
    ///
    /// - Parameters:
    ///   - share: those of the examples that are written, as they are where all are.
    ///   - seed: of this step: the same seed, weights and examples give the same rollouts.
    /// - Throws: `TrainingError.engine`, `.grace`
    package func write(
        _ examples: [TrainingExample], _ share: Range<Int>, with transformer: Transformer, seed: UInt64
    ) async throws(TrainingError) -> [ExampleRollouts] {
        let orders = orders(examples, seed: seed)
        var rollouts = try await write(orders[share].flatMap { $0 }, with: transformer)[...]
        return examples[share].map { example in
            let main = Array(rollouts.prefix(settings.count))
            rollouts = rollouts.dropFirst(settings.count)
            let query = rollouts.removeFirst()
            return ExampleRollouts(
                main: main, query: query, negative: example.negative == nil ? nil : rollouts.removeFirst())
        }
    }

    /// What is to be written of each example.
    private func orders(_ examples: [TrainingExample], seed: UInt64) -> [[Order]] {
        var random = SplitMix64(seed: seed)
        return examples.map { example in
            var orders: [Order] = []
            for _ in 0..<settings.count {
                orders.append(Order(text: example.main, temperature: settings.temperature, seed: random.next()))
            }
            orders.append(Order(text: example.query, temperature: settings.otherTemperature, seed: random.next()))
            // Drawn whether it is used or not, so that what follows does not depend on it.
            let negativeSeed = random.next()
            if let negative = example.negative {
                orders.append(Order(text: negative, temperature: settings.otherTemperature, seed: negativeSeed))
            }
            return orders
        }
    }

    private func write(_ orders: [Order], with transformer: Transformer) async throws(TrainingError) -> [Rollout] {
        guard !orders.isEmpty else { return [] }
        var requests: [GenerationRequest] = []
        var prompts: [String: GracePrompt] = [:]
        for order in orders {
            let prompt: GracePrompt
            if let known = prompts[order.text] {
                prompt = known
            } else {
                prompt = try self.prompt(for: order.text)
                prompts[order.text] = prompt
            }
            requests.append(
                GenerationRequest(
                    prompt: prompt.tokens, poolingStart: prompt.poolingStart,
                    maxRationaleTokens: settings.maxRationaleTokens,
                    sampling: SamplingSettings(
                        temperature: Float(order.temperature), topP: Float(settings.topP), seed: order.seed),
                    wantsLogProbabilities: true))
        }
        let engine = GenerationEngine(
            model: transformer,
            configuration: GenerationEngine.Configuration(
                stopTokens: stopTokens, sharedPrefix: sharedPrefix, limits: limits, workers: workers))
        defer { engine.stop() }
        do throws(EngineError) {
            let results = try await engine.generate(requests)
            return zip(requests, results).map { Rollout($0, $1) }
        } catch {
            throw .engine(error)
        }
    }

    /// The prompt of a text, cut to the limit.
    ///
    /// - Throws: `TrainingError.grace`
    package func prompt(for text: String) throws(TrainingError) -> GracePrompt {
        do throws(GraceError) {
            return try promptBuilder.prompt(for: text, limit: settings.maxPromptTokens, truncation: .right)
        } catch {
            throw .grace(error)
        }
    }

    /// A rationale as text.
    package func text(of rollout: Rollout) -> String {
        promptBuilder.tokenizer.decode(rollout.sequence.rationale, skipControlTokens: true)
    }
}
