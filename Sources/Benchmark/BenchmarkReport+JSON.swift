import Foundation
import Grace
import Tensors
import Transformer

extension BenchmarkReport {
    /// An object on several lines, its keys in alphabetical order; docs/benchmarks.md says what they mean.
    package var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(Document(self)), as: UTF8.self)
        } catch {
            // A rate that is not finite, of a time of zero, is all that cannot be written.
            return #"{"error": "a measurement is not a number"}"#
        }
    }
}

/// The keys as they are written.
private struct Document: Encodable {
    let model: String
    let model_sha: String
    let precision: String
    let kernels: String
    let threads: Int
    let machine: String?
    let logical_processors: Int
    let prompt_tokens: Int
    let rationale_tokens: Int
    let rounds: Int
    let peak_rss_bytes: Int?
    let weight_bytes: Int
    let weight_bytes_per_step: Int
    let limits: Limits
    let results: [Entry]

    init(_ report: BenchmarkReport) {
        model = report.checkpoint.description
        model_sha = report.checkpoint.fingerprint
        precision = report.precision.rawValue
        kernels = report.kernels
        threads = report.threads
        machine = Host.processorName
        logical_processors = Host.processorCount
        prompt_tokens = report.plan.promptTokens
        rationale_tokens = report.plan.rationaleTokens
        rounds = report.plan.rounds
        peak_rss_bytes = report.peakMemory
        weight_bytes = report.weightBytes
        weight_bytes_per_step = report.cost.bytesPerStep
        limits = Limits(report.limits)
        results = report.results.map { Entry($0, of: report) }
    }
}

private struct Limits: Encodable {
    let memory_bytes_per_second: Double
    let float32_operations_per_second: Double?
    let bfloat16_operations_per_second: Double?
    let int8_operations_per_second: Double?

    init(_ limits: MachineLimits) {
        memory_bytes_per_second = limits.memoryBandwidth
        float32_operations_per_second = limits.operations[.float32]
        bfloat16_operations_per_second = limits.operations[.bfloat16]
        int8_operations_per_second = limits.operations[.int8]
    }
}

private struct Entry: Encodable {
    let concurrency: Int
    let prefill_tokens_per_second: Double
    let prefill_tokens_per_second_median: Double
    let prefill_share_of_peak: Double
    let decode_tokens_per_second: Double
    let decode_tokens_per_second_median: Double
    let decode_share_of_bandwidth: Double
    let decode_share_of_peak: Double
    let texts: Int
    let texts_per_second: Double
    let latency_p50_ms: Double
    let latency_p99_ms: Double

    init(_ result: ConcurrencyResult, of report: BenchmarkReport) {
        concurrency = result.concurrency
        prefill_tokens_per_second = result.prefillRates.max
        prefill_tokens_per_second_median = result.prefillRates.median
        prefill_share_of_peak = report.prefillPeakShare(result)
        decode_tokens_per_second = result.decodeRates.max
        decode_tokens_per_second_median = result.decodeRates.median
        decode_share_of_bandwidth = report.bandwidthShare(result)
        decode_share_of_peak = report.decodePeakShare(result)
        texts = result.textCount
        texts_per_second = result.textsPerSecond
        latency_p50_ms = result.latencies.percentile(50) * 1000
        latency_p99_ms = result.latencies.percentile(99) * 1000
    }
}
