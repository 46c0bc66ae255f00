import Grace
import Tensors
import Transformer

/// All that was measured, and what with.
package struct BenchmarkReport: Sendable {
    let checkpoint: ModelIdentity
    let precision: Precision
    let kernels: String
    let threads: Int
    let plan: BenchmarkPlan
    let cost: ModelCost
    let weightBytes: Int
    let peakMemory: Int?
    let limits: MachineLimits
    let results: [ConcurrencyResult]

    /// Takes the parts as they are.
    ///
    /// - Parameters:
    ///   - weightBytes: what the weights take in memory.
    ///   - peakMemory: the most that the process had, in bytes, the limits' own memory left out.
    package init(
        checkpoint: ModelIdentity, precision: Precision, kernels: String, threads: Int, plan: BenchmarkPlan,
        cost: ModelCost, weightBytes: Int, peakMemory: Int?, limits: MachineLimits, results: [ConcurrencyResult]
    ) {
        self.checkpoint = checkpoint
        self.precision = precision
        self.kernels = kernels
        self.threads = threads
        self.plan = plan
        self.cost = cost
        self.weightBytes = weightBytes
        self.peakMemory = peakMemory
        self.limits = limits
        self.results = results
    }

    func bandwidthShare(_ result: ConcurrencyResult) -> Double {
        cost.bandwidthShare(decoding: result.decodeRates.max, rows: result.concurrency, of: limits)
    }

    func decodePeakShare(_ result: ConcurrencyResult) -> Double {
        cost.peakShare(decoding: result.decodeRates.max, of: limits)
    }

    func prefillPeakShare(_ result: ConcurrencyResult) -> Double {
        cost.peakShare(prefilling: result.prefillRates.max, of: limits)
    }
}
