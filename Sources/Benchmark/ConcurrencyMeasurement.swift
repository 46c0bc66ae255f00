import Confinement
import Engine
import Grace
import Transformer

/// What was measured with so many texts at once.
package struct ConcurrencyResult: Sendable, Equatable {
    package let concurrency: Int
    /// Tokens of prompts a second, of a batch that writes nothing; a value for each round.
    package let prefillRates: Statistics
    /// Tokens written a second, all texts together, while all of them write; a value for each round.
    package let decodeRates: Statistics
    /// Texts of the whole job.
    package let textCount: Int
    /// Whole texts a second, prompt and rationale, as clients get them that each wait for one before they ask for another.
    package let textsPerSecond: Double
    /// What a client waits for a text, in seconds.
    package let latencies: Statistics
}

/// Measures an engine with so many texts at once.
struct ConcurrencyMeasurement {
    let model: LoadedModel
    let plan: BenchmarkPlan
    let concurrency: Int
    let threads: Int

    private let prompts: BenchmarkPrompts
    private let reports = Confined<[StepReport]>([])

    init(model: LoadedModel, plan: BenchmarkPlan, concurrency: Int, threads: Int) {
        self.model = model
        self.plan = plan
        self.concurrency = concurrency
        self.threads = threads
        prompts = BenchmarkPrompts(tokenizer: model.tokenizer)
    }

    /// - Throws: `BenchmarkError.engine`, `.neverAllWriting`
    func run() async throws(BenchmarkError) -> ConcurrencyResult {
        // Without stop tokens, so that each rationale has its length; without a shared prefix, so that all work is counted.
        var configuration = GenerationEngine.Configuration(
            stopTokens: [], sharedPrefix: [], limits: plan.limits(concurrency: concurrency), workers: threads)
        configuration.onStep = { [reports] report in reports.withState { $0.append(report) } }
        let engine = GenerationEngine(model: model.transformer, configuration: configuration)
        defer { engine.stop() }
        // The first steps find cold caches and threads that have yet to start.
        _ = try await generate(requests(rationaleTokens: 2), on: engine)
        var prefillRates: [Double] = []
        var decodeRates: [Double] = []
        for _ in 0..<plan.rounds {
            prefillRates.append(try await prefillRate(engine))
            decodeRates.append(try await decodeRate(engine))
        }
        let job = try await wholeJob(engine)
        return ConcurrencyResult(
            concurrency: concurrency, prefillRates: Statistics(prefillRates), decodeRates: Statistics(decodeRates),
            textCount: job.latencies.count, textsPerSecond: perSecond(job.latencies.count, in: job.time),
            latencies: Statistics(job.latencies))
    }

    private func prefillRate(_ engine: GenerationEngine) async throws(BenchmarkError) -> Double {
        let requests = requests(rationaleTokens: 0)
        let start = ContinuousClock.now
        _ = try await generate(requests, on: engine)
        return perSecond(concurrency * plan.promptTokens, in: .now - start)
    }

    private func decodeRate(_ engine: GenerationEngine) async throws(BenchmarkError) -> Double {
        reports.withState { $0.removeAll() }
        _ = try await generate(requests(rationaleTokens: plan.decodedTokens(concurrency: concurrency)), on: engine)
        let reports = reports.withState { $0 }
        guard
            let phase = DecodePhase(
                of: reports, rows: concurrency, tokenLimit: concurrency * plan.rationaleTokens)
        else { throw .neverAllWriting(concurrency: concurrency) }
        return phase.rate
    }

    /// So many clients that each ask for a text, wait for it and ask for the next: seconds for each text, and in all.
    private func wholeJob(
        _ engine: GenerationEngine
    ) async throws(BenchmarkError) -> (latencies: [Double], time: Duration) {
        let textCount = plan.textCount(concurrency: concurrency)
        let nextText = Confined(0)
        let start = ContinuousClock.now
        let outcome = await withTaskGroup(of: Result<[Double], BenchmarkError>.self) { group in
            for _ in 0..<min(concurrency, textCount) {
                group.addTask {
                    await client(engine) {
                        nextText.withState { text in
                            defer { text += 1 }
                            return text < textCount ? text : nil
                        }
                    }
                }
            }
            var all: [Double] = []
            var failure: BenchmarkError?
            for await result in group {
                switch result {
                case .success(let latencies): all += latencies
                case .failure(let error): failure = error
                }
            }
            return failure.map { .failure($0) } ?? Result<[Double], BenchmarkError>.success(all)
        }
        return (try outcome.get(), .now - start)
    }

    private func client(
        _ engine: GenerationEngine, next: () -> Int?
    ) async -> Result<[Double], BenchmarkError> {
        var latencies: [Double] = []
        do throws(BenchmarkError) {
            while let text = next() {
                let request = request(text, rationaleTokens: plan.rationaleTokens)
                let start = ContinuousClock.now
                _ = try await generate([request], on: engine)
                latencies.append((ContinuousClock.now - start) / .seconds(1))
            }
            return .success(latencies)
        } catch {
            return .failure(error)
        }
    }

    private func generate(
        _ requests: [GenerationRequest], on engine: GenerationEngine
    ) async throws(BenchmarkError) -> [GenerationResult] {
        do throws(EngineError) {
            return try await engine.generate(requests)
        } catch {
            throw .engine(error)
        }
    }

    private func requests(rationaleTokens: Int) -> [GenerationRequest] {
        (0..<concurrency).map { request($0, rationaleTokens: rationaleTokens) }
    }

    private func request(_ number: Int, rationaleTokens: Int) -> GenerationRequest {
        GenerationRequest(
            prompt: prompts.prompt(number, count: plan.promptTokens), poolingStart: 0,
            maxRationaleTokens: rationaleTokens, sampling: SamplingSettings(temperature: 0, topP: 1, seed: 0))
    }
}
