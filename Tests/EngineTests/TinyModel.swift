import Checkpoints
import Engine
import Foundation
import SystemPackage
import Tensors
import TestSupport
import Transformer

/// A small model of the reference directory and the prompts of its goldens.
struct TinyModel: Sendable {
    let transformer: Transformer
    let golden: Golden

    /// OpenBLAS's own threads, shared by the engines of tests that run at once, wait for each other far longer than they
    /// work on models of this size.
    private static let usesOneBLASThread: Void = BLAS.useThreads(1)

    static let names = ["tiny-qwen2", "tiny-qwen3", "tiny-llama3"]
    /// And one with an adapter.
    static let namesWithAdapter = names + ["tiny-qwen2-lora"]

    /// The model's tokens before the first one that is pooled.
    var prefix: [TokenID] { Array(golden.cases[0].promptIds.prefix(golden.cases[0].poolingStart)) }

    /// nil if that part of the reference was not made.
    init?(_ name: String, precision: Precision = .float32) throws {
        guard let golden = try Golden.load(name), let path = TestModels.path(ofReference: name) else {
            print("Reference part \(name) is not there: skipped")
            return nil
        }
        let checkpoint = try Checkpoint(path: FilePath(path))
        let configuration = try TransformerConfiguration(of: checkpoint)
        let base = Transformer(
            configuration: configuration,
            weights: try TransformerWeights(of: checkpoint, configuration, precision: precision))
        if let adapter = TestModels.adapterPath(ofReference: name) {
            transformer = try base.adapted(by: LoRAAdapter(path: FilePath(adapter)))
        } else {
            transformer = base
        }
        self.golden = golden
        _ = Self.usesOneBLASThread
    }

    init(transformer: Transformer, golden: Golden) {
        self.transformer = transformer
        self.golden = golden
    }

    /// The request of one golden; numbers beyond the last begin again.
    func request(
        _ index: Int, maxRationaleTokens: Int = 24, temperature: Float = 0, topP: Float = 1
    ) -> GenerationRequest {
        let example = golden.cases[index % golden.cases.count]
        return GenerationRequest(
            prompt: example.promptIds, poolingStart: example.poolingStart, maxRationaleTokens: maxRationaleTokens,
            sampling: SamplingSettings(temperature: temperature, topP: topP, seed: UInt64(index)))
    }

    /// A request that goes on for longer than any test.
    var endlessRequest: GenerationRequest {
        GenerationRequest(
            prompt: [1, 2, 3], poolingStart: 0, maxRationaleTokens: 50_000,
            sampling: SamplingSettings(temperature: 1, topP: 1, seed: 0))
    }

    /// Runs an engine for as long as `body` does. Without stop tokens every rationale ends by its length.
    func withEngine<Result>(
        stopTokens: Set<TokenID> = [], sharedPrefix: [TokenID]? = nil, limits: BatchScheduler.Limits = .ample,
        workers: Int = 1, speculation: Speculation? = nil, turns: StepTurns = StepTurns(),
        onStep: (@Sendable (StepReport) -> Void)? = nil, _ body: (GenerationEngine) async throws -> Result
    ) async throws -> Result {
        var configuration = GenerationEngine.Configuration(
            stopTokens: stopTokens, sharedPrefix: sharedPrefix ?? prefix, limits: limits, workers: workers,
            speculation: speculation, turns: turns)
        configuration.onStep = onStep
        let engine = GenerationEngine(model: transformer, configuration: configuration)
        defer { engine.stop() }
        return try await body(engine)
    }

    /// What each request gives when it is the only one.
    func resultsAlone(_ requests: [GenerationRequest]) async throws -> [GenerationResult] {
        try await withEngine { engine in
            var results: [GenerationResult] = []
            for request in requests {
                results += try await engine.generate([request])
            }
            return results
        }
    }

    /// The mean over the tokens from `poolingStart` on, by one pass over all tokens at once.
    func meanOfFullPass(_ request: GenerationRequest, rationale: [TokenID]) -> [Float] {
        let tokens = request.prompt + rationale
        let (states, _) = fullPass(tokens)
        var pool = MeanPool(channels: transformer.configuration.hiddenSize)
        for row in request.poolingStart..<tokens.count {
            pool.add(states, row: row)
        }
        return pool.mean
    }

    /// The logits of the token after these.
    func logits(after tokens: [TokenID]) -> [Float] {
        let (states, activations) = fullPass(tokens)
        return transformer.logits(ofRows: [tokens.count - 1], in: states, activations: activations).row(0)
    }

    private func fullPass(_ tokens: [TokenID]) -> (states: Activation, activations: Activations) {
        let activations = Activations(
            configuration: transformer.configuration, tokenCapacity: tokens.count, samplingCapacity: 1)
        let cache = KVCache(pool: transformer.makePagePool())
        let states = transformer.forward([SequenceChunk(tokens: tokens[...], cache: cache)], activations: activations)
        return (states, activations)
    }
}

extension BatchScheduler.Limits {
    /// Room for whatever a test has at once.
    static let ample = BatchScheduler.Limits(
        maxLiveRequests: 32, maxBatchTokens: 200_000, maxStepTokens: 512, maxRequests: 500)
}

extension GenerationEngine.Load {
    /// Live and waiting requests.
    var counts: [Int] { [live, waiting] }
}

/// Waits for something to become true; a test that could wait for ever has a time limit.
func waitUntil(_ condition: () -> Bool) async {
    while !condition() {
        // In between it sleeps: tasks that only give way keep the threads of the pool busy. One that is cancelled gives way.
        do { try await Task.sleep(for: .milliseconds(1)) } catch { await Task.yield() }
    }
}

/// Whether two results have the same rationale and all but the same vector.
func areClose(_ found: GenerationResult, _ expected: GenerationResult) -> Bool {
    found.rationale == expected.rationale && found.finishReason == expected.finishReason
        && relativeL2(found.mean, expected.mean) <= 1e-5
}
