import Engine
import TestSupport
import Testing
import Transformer

@Suite("Mean windows", .timeLimit(.minutes(5)))
struct MeanWindowTests {
    /// Greedy and sampled, of all lengths.
    private func requests(_ model: TinyModel) -> [GenerationRequest] {
        (0..<12).map {
            model.request($0, maxRationaleTokens: [40, 37, 8, 7, 0, 64][$0 % 6], temperature: Float($0 % 2))
        }
    }

    private func changed(
        _ request: GenerationRequest, _ change: (inout GenerationRequest) -> Void
    ) -> GenerationRequest {
        var request = request
        change(&request)
        return request
    }

    /// By the definition: the means of the states of the prompt, and of those up to the end of each window.
    private func means(_ request: GenerationRequest, _ result: GenerationResult) -> [[Float]] {
        let channels = result.mean.count
        let promptCount = request.prompt.count - request.poolingStart
        return stride(from: 0, through: result.rationale.count, by: 8).map { written in
            let count = promptCount + written
            return (0..<channels).map { channel in
                let sum = (0..<count).reduce(0.0) { $0 + Double(result.tokenStates[$1 * channels + channel]) }
                return Float(sum / Double(count))
            }
        }
    }

    @Test(
        "A trace has the cosine of the mean after every eight tokens and the final one",
        arguments: TinyModel.namesWithAdapter)
    func traces(name: String) async throws {
        guard let model = try TinyModel(name, precision: .bfloat16) else { return }
        let plain = requests(model)
        let wanted = plain.map {
            changed($0) { request in (request.wantsTrace, request.wantsTokenStates) = (true, true) }
        }
        let expected = try await model.resultsAlone(plain)
        let found = try await model.withEngine { try await $0.generate(wanted) }
        for (index, result) in found.enumerated() {
            #expect(result.rationale == expected[index].rationale && result.mean == expected[index].mean)
            #expect(expected[index].trace.isEmpty)
            let cosines = means(wanted[index], result).dropFirst().map { cosine($0, result.mean) }
            #expect(result.trace.count == result.rationale.count / 8 && result.trace.count == cosines.count)
            for (found, expected) in zip(result.trace, cosines) { #expect(abs(Double(found) - expected) <= 1e-6) }
            let endsWithWindow = !result.rationale.isEmpty && result.rationale.count.isMultiple(of: 8)
            if endsWithWindow { #expect(result.trace.last == 1) }
        }
        #expect(found.contains { !$0.trace.isEmpty && $0.trace[0] < 0.999 })
    }

    @Test(
        "A rationale ends after the first window that moves the mean by less, with the vector of a limit there",
        arguments: TinyModel.namesWithAdapter)
    func stops(name: String) async throws {
        guard let model = try TinyModel(name, precision: .bfloat16) else { return }
        var ends: Set<Int> = []
        for plain in requests(model) {
            let wanted = changed(plain) { $0.wantsTokenStates = true }
            let whole = try await model.resultsAlone([wanted])[0]
            let means = means(wanted, whole)
            let moves = zip(means, means.dropFirst()).map { 1 - cosine($0, $1) }
            // Between any two, over the largest, and under all of them.
            let sorted = moves.sorted()
            let limits = [0] + zip(sorted, sorted.dropFirst()).map { ($0 + $1) / 2 } + [2]
            for limit in limits {
                let found = try await model.resultsAlone([changed(plain) { $0.stableBelow = limit }])[0]
                guard let window = moves.firstIndex(where: { $0 < limit }) else {
                    #expect(found.rationale == whole.rationale && found.finishReason == .length)
                    #expect(found.mean == whole.mean)
                    continue
                }
                let end = 8 * (window + 1)
                let short = try await model.resultsAlone([changed(plain) { $0.maxRationaleTokens = end }])[0]
                #expect(found.finishReason == .stable && found.rationale.count == end && found.stopToken == nil)
                #expect(found.rationale == short.rationale && found.mean == short.mean)
                ends.insert(end)
            }
        }
        #expect(ends.count > 2)
    }

    @Test("What comes first ends a rationale, and a trace has whole windows alone")
    func ends() async throws {
        guard let model = try TinyModel("tiny-qwen2", precision: .bfloat16) else { return }
        let plain = model.request(0, maxRationaleTokens: 24)
        let rationale = try await model.resultsAlone([plain])[0].rationale
        for (index, stop) in rationale.enumerated() where rationale.firstIndex(of: stop) == index {
            let request = changed(plain) { ($0.wantsTrace, $0.stableBelow) = (true, 2) }
            let found = try await model.withEngine(stopTokens: [stop]) { try await $0.generate([request]) }[0]
            #expect(found.rationale == Array(rationale.prefix(min(index, 8))))
            #expect(found.finishReason == (index < 8 ? .stop : .stable))
            #expect(found.trace == (index < 8 ? [] : [1]))
        }
    }
}
