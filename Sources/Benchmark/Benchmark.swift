import Confinement
import Dispatch
import Grace
import Serving
import Tensors
import Transformer

/// Measures a model on this machine, and the machine itself: no HTTP, no chat template, no cache of results.
package struct Benchmark: Sendable {
    /// What is measured.
    package var plan: BenchmarkPlan
    /// Where `model` is looked up.
    package var models: ModelDirectory
    /// A name in `models`, or a path.
    package var model: String
    /// The number format of the products; nil takes what suits checkpoint and processor.
    package var precision: Precision?
    /// Threads that compute.
    package var threads: Int

    /// Takes the parts as they are; the model is looked up when the benchmark runs.
    package init(plan: BenchmarkPlan, models: ModelDirectory, model: String, precision: Precision?, threads: Int) {
        self.plan = plan
        self.models = models
        self.model = model
        self.precision = precision
        self.threads = threads
    }

    /// Loads the model, measures it with each number of texts at once, and the machine's limits after that.
    ///
    /// - Parameter progress: told in a line what is measured next.
    /// - Throws: `BenchmarkError`
    package func run(progress: (String) -> Void = { _ in }) async throws(BenchmarkError) -> BenchmarkReport {
        Compute.useThreads(threads)
        let model = try await load()
        try plan.check(contextLength: model.contextLength)
        var results: [ConcurrencyResult] = []
        for concurrency in plan.concurrencies {
            progress("measuring \(concurrency) at once")
            results.append(
                try await ConcurrencyMeasurement(
                    model: model, plan: plan, concurrency: concurrency, threads: threads
                ).run())
        }
        // Before the limits are measured, which takes memory of its own.
        let peakMemory = Host.peakMemory
        progress("measuring the machine's limits")
        let threads = threads
        let limits = await runBlocking(on: blockingQueue) { MachineLimits.measure(threads: threads) }
        return BenchmarkReport(
            checkpoint: model.identity, precision: model.precision, kernels: Compute.kernels(for: model.precision),
            threads: threads, plan: plan, cost: ModelCost(of: model.transformer.weights, precision: model.precision),
            weightBytes: model.transformer.weightBytes, peakMemory: peakMemory, limits: limits, results: results)
    }

    private var blockingQueue: DispatchQueue { DispatchQueue(label: "benchmark") }

    private func load() async throws(BenchmarkError) -> LoadedModel {
        let benchmark = self
        let result = await runBlocking(on: blockingQueue) {
            Result { () throws(GraceError) in
                let location = try benchmark.models.locate(benchmark.model)
                return try LoadedModel(
                    benchmark.models.open(location, settings: GraceSettings()), precision: benchmark.precision)
            }
        }
        do throws(GraceError) {
            return try result.get()
        } catch {
            throw .model(error)
        }
    }
}
