import Engine
import Foundation
import Grace
import TestSupport
import Testing

@Suite("Similarity, taken apart", .serialized, .timeLimit(.minutes(10)))
struct SimilarityTests {
    private func sum(_ decomposition: SimilarityDecomposition) -> Double {
        decomposition.contributions.reduce(decomposition.rest) { $0 + $1.value }
    }

    @Test("Contributions are sums over pairs of tokens, and only the first dimensions count", arguments: [1, 7, 8, 19])
    func definition(dimensions: Int) {
        var generator = SeededGenerator(seed: 3)
        let channels = 19
        func states(_ tokens: Int) -> [Float] {
            (0..<tokens * channels).map { _ in Float.random(in: -2...3, using: &generator) }
        }
        let (first, second) = (states(9), states(5))
        let (firstSpans, secondSpans) = ([0, 0, 0, 1, 1, 3, 3, 3, 3], [0, 1, 1, 2, 2])
        func norm(_ states: [Float]) -> Double {
            (0..<dimensions).reduce(0.0) { sum, channel in
                let mean = stride(from: channel, to: states.count, by: channels).reduce(0.0) { $0 + Double(states[$1]) }
                return sum + mean * mean
            }.squareRoot()
        }
        var expected = [[Double]](repeating: [0, 0, 0], count: 4)
        for (i, a) in firstSpans.enumerated() {
            for (j, b) in secondSpans.enumerated() {
                for channel in 0..<dimensions {
                    expected[a][b] +=
                        Double(first[i * channels + channel]) * Double(second[j * channels + channel])
                        / (norm(first) * norm(second))
                }
            }
        }
        func sums(_ states: [Float], _ spans: [Int], _ count: Int) -> SpanSums {
            SpanSums(
                states: states, channels: channels, dimensions: dimensions, spanOfToken: spans, spanCount: count)
        }
        let (a, b) = (sums(first, firstSpans, 4), sums(second, secondSpans, 3))
        let all = SimilarityDecomposition(a, b, count: 12)
        #expect(all.contributions.count == 12 && all.rest == 0)
        for contribution in all.contributions {
            #expect(abs(contribution.value - expected[contribution.a][contribution.b]) < 1e-12)
        }
        let some = SimilarityDecomposition(a, b, count: 5)
        let magnitudes = all.contributions.map { abs($0.value) }.sorted(by: >)
        #expect(some.contributions.map { abs($0.value) } == Array(magnitudes.prefix(5)))
        #expect(abs(sum(some) - all.similarity) < 1e-12 && some.similarity == all.similarity)
        // Spans without a token, and a vector that is zero.
        #expect(all.contributions.filter { $0.a == 2 }.allSatisfy { $0.value == 0 })
        let nothing = sums([Float](repeating: 0, count: 5 * channels), secondSpans, 3)
        let none = SimilarityDecomposition(a, nothing, count: 12)
        #expect(none.similarity == 0 && none.contributions.allSatisfy { $0.value == 0 })
    }

    @Test(
        "Contributions add up to the cosine on every pair of the reference's texts, whatever the spans are",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3", "smollm2"])
    func goldenPairs(name: String) async throws {
        guard let golden = try Golden.load(name), let model = try loadReference(name) else { return }
        let texts = golden.cases.map(\.text)
        try await Embedder.with(model) { embedder in
            let settings = EmbeddingSettings(maxRationaleTokens: Golden.maxRationaleTokens(of: name))
            let vectors = try await embedder.embed(texts, settings: settings)
            for first in texts.indices {
                let granularity = SpanGranularity.allCases[first % 3]
                let order = [first] + texts.indices
                let found = try await embedder.compare(
                    order.map { .text(texts[$0]) }, settings: settings,
                    ComparisonSettings(granularity: granularity, contributionCount: 1 << 20))
                for (second, decomposition) in found.decompositions.enumerated() {
                    let expected = cosine(golden.cases[first].embedding, golden.cases[second].embedding)
                    #expect(abs(sum(decomposition) - expected) <= 1e-5, "\(first), \(second), \(granularity)")
                    let own = cosine(vectors[first].vector, vectors[second].vector)
                    #expect(abs(decomposition.similarity - own) <= 1e-5)
                    #expect(
                        decomposition.contributions.count == found.spans[0].count * found.spans[second + 1].count)
                }
                for (embedding, index) in zip(found.embeddings, order) {
                    #expect(embedding.rationaleTokens == golden.cases[index].rationaleIds)
                }
            }
        }
    }

    private func text(_ generator: inout SeededGenerator) -> String {
        let words = [
            "rain", "April.", "the", "Peru,", "citadel", "é", "e\u{301}", "東京。", "🚀", "3.14", "stocks", "fell!", "\n",
            "\n\n",
            "?", "<think>", "a", "slowly", "\t", "don't",
        ]
        return "x"
            + (0..<Int.random(in: 0...20, using: &generator)).map { _ in
                " " + words[Int.random(in: words.indices, using: &generator)]
            }.joined()
    }

    @Test("Contributions add up to the cosine on a thousand random pairs")
    func randomPairs() async throws {
        let model = try #require(try loadReference("tiny-qwen2"))
        var generator = SeededGenerator(seed: 5)
        var pairs = 0
        try await Embedder.with(model) { embedder in
            for round in 0..<63 {
                let inputs = (0..<17).map { _ in text(&generator) }
                let settings = EmbeddingSettings(
                    maxRationaleTokens: round % 9, temperature: round % 2 == 0 ? 0 : 1,
                    truncation: .right)
                let dimensions = round % 3 == 0 ? 20 : nil
                let vectors = try await embedder.embed(inputs, settings: settings).map {
                    Array($0.vector.prefix(dimensions ?? $0.vector.count))
                }
                let found = try await embedder.compare(
                    inputs.map { .text($0) }, settings: settings,
                    ComparisonSettings(
                        granularity: SpanGranularity.allCases[round % 3],
                        contributionCount: round % 4 == 0 ? 7 : 1 << 20,
                        dimensions: dimensions))
                for (index, decomposition) in found.decompositions.enumerated() {
                    #expect(abs(sum(decomposition) - cosine(vectors[0], vectors[index + 1])) <= 1e-5)
                    pairs += 1
                }
            }
        }
        #expect(pairs >= 1000)
    }

    @Test("What is too much is refused before anything is generated, and room is given back")
    func limits() async throws {
        let model = try #require(try loadReference("tiny-qwen2"))
        try await Embedder.with(model) { embedder in
            let long = EmbeddingInput.text(String(repeating: "many words ", count: 2000))
            let settings = EmbeddingSettings(maxRationaleTokens: 8)
            let sentences = ComparisonSettings(contributionCount: 10)
            let tooManyPairs = await #expect(throws: GraceError.self) {
                try await embedder.compare(
                    Array(repeating: long, count: 4), settings: settings,
                    ComparisonSettings(granularity: .tokens, contributionCount: 10))
            }
            guard case .tooManySpanPairs(.tokens, let pairs, 2_097_152) = tooManyPairs else {
                Issue.record("\(String(describing: tooManyPairs))")
                return
            }
            #expect(pairs > 2_097_152)
            let error = await #expect(throws: GraceError.self) {
                try await embedder.compare(Array(repeating: long, count: 32), settings: settings, sentences)
            }
            guard case .engine(.tooManyTokenStates(let needed, 16_384)) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(needed > 16_384 && embedder.tokenStates.reservedCount == 0)
            _ = try await embedder.compare([.text("a"), .text("b")], settings: settings, sentences)
            #expect(embedder.tokenStates.reservedCount == 0)
        }
    }

    @Test("A text and itself are as close as can be, and none of it is kept")
    func itself() async throws {
        let model = try #require(try loadReference("tiny-qwen2"))
        let sharing = SharedGenerations(entryLimit: 16)
        let embedder = try Embedder(
            model: model,
            limits: .init(maxLiveRequests: 16, maxBatchTokens: 16_384, maxStepTokens: 128, maxRequests: 64),
            maxInputTokens: 1024, sharing: sharing)
        defer { embedder.engine.stop() }
        let settings = EmbeddingSettings(maxRationaleTokens: 8)
        let found = try await embedder.compare(
            [.text("One. Two."), .text("One. Two.")], settings: settings, ComparisonSettings(contributionCount: 100))
        #expect(abs(found.decompositions[0].similarity - 1) < 1e-12)
        #expect(found.spans[0] == found.spans[1])
        #expect(sharing.load.kept == 0 && sharing.load.underWay == 0)
    }
}
