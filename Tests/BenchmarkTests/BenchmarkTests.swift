import Benchmark
import Foundation
import Grace
import Serving
import SystemPackage
import TestSupport
import Testing
import Transformer

/// A checkpoint of the reference; nil where that part of it was not made.
func tinyModel(precision: Precision = .float32) throws -> LoadedModel? {
    guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return nil }
    return try LoadedModel(path: FilePath(path), precision: precision)
}

@Suite("Benchmark", .serialized)
struct BenchmarkTests {
    private func benchmark(model: String, promptTokens: Int = 9) throws -> Benchmark {
        Benchmark(
            plan: try BenchmarkPlan(
                concurrencies: [1, 3], promptTokens: promptTokens, rationaleTokens: 5, rounds: 2, texts: 4),
            models: ModelDirectory(path: "/nonexistent"), model: model, precision: .float32, threads: 1)
    }

    private struct Document: Decodable {
        let model: String
        let precision: String
        let threads: Int
        let peak_rss_bytes: Int
        let weight_bytes: Int
        let limits: [String: Double]
        let results: [[String: Double]]
    }

    @Test("A report has a positive number wherever it has one, and an entry for each concurrency")
    func report() async throws {
        guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return }
        let report = try await benchmark(model: path).run()
        let document = try JSONDecoder().decode(Document.self, from: Data(report.json.utf8))
        #expect(document.model.hasPrefix("tiny-qwen2@"))
        #expect(document.precision == "float32" && document.threads == 1)
        #expect(document.peak_rss_bytes > document.weight_bytes && document.weight_bytes > 0)
        #expect(document.limits["memory_bytes_per_second", default: 0] > 0)
        #expect(document.limits["float32_operations_per_second", default: 0] > 0)
        #expect(document.results.map { $0["concurrency"] } == [1, 3])
        for result in document.results {
            #expect(result["texts"] == 4)
            #expect(result.values.allSatisfy { $0 > 0 && $0.isFinite })
            for key in [
                "prefill_tokens_per_second", "decode_tokens_per_second", "texts_per_second", "latency_p50_ms",
                "latency_p99_ms", "decode_share_of_bandwidth", "decode_share_of_peak", "prefill_share_of_peak",
            ] {
                #expect(result[key] != nil, "\(key)")
            }
            #expect(result["latency_p50_ms", default: 1] <= result["latency_p99_ms", default: 0])
        }
        let lines = report.table.split(separator: "\n")
        #expect(Set(lines.filter { $0.hasPrefix("|") }.map(\.count)).count == 1)
        #expect(lines.filter { $0.hasPrefix("|") }.count == 4)
    }

    @Test("A prompt beyond the context, and a model that is not there, end it before anything is measured")
    func refusals() async throws {
        guard let path = TestModels.path(ofReference: "tiny-qwen2") else { return }
        let tooLong = try benchmark(model: path, promptTokens: 1020)
        await #expect(
            throws: BenchmarkError.contextTooShort(promptTokens: 1020, rationaleTokens: 5, contextLength: 1024)
        ) { try await tooLong.run() }
        let missing = try benchmark(model: "some")
        await #expect(
            throws: BenchmarkError.model(.unknownModel(name: "some", directory: "/nonexistent", available: []))
        ) { try await missing.run() }
    }

    @Test("Prompts have the length asked for, differ from each other and are always the same")
    func prompts() throws {
        let model = try #require(try tinyModel())
        let prompts = BenchmarkPrompts(tokenizer: model.tokenizer)
        for count in [1, 20, 64, 700] {
            let made = (0..<100).map { prompts.prompt($0, count: count) }
            #expect(made.allSatisfy { $0.count == count })
            #expect(made == (0..<100).map { prompts.prompt($0, count: count) })
            if count >= 64 { #expect(Set(made).count == 100) }
        }
    }
}
