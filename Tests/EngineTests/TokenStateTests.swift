import Engine
import TestSupport
import Testing
import Transformer

@Suite("Token states", .timeLimit(.minutes(5)))
struct TokenStateTests {
    private func wanting(_ request: GenerationRequest) -> GenerationRequest {
        var request = request
        request.wantsTokenStates = true
        return request
    }

    /// The mean of the states.
    private func mean(_ result: GenerationResult) -> [Float] {
        let channels = result.mean.count
        return (0..<channels).map { channel in
            let values = stride(from: channel, to: result.tokenStates.count, by: channels)
            return Float(
                values.reduce(0.0) { $0 + Double(result.tokenStates[$1]) } / Double(result.tokenStates.count / channels)
            )
        }
    }

    @Test("The states are those that the mean is of, one for each pooled token", arguments: TinyModel.names)
    func mean(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let requests = (0..<6).map { wanting(model.request($0, maxRationaleTokens: 5 * $0)) }
        let limits = BatchScheduler.Limits(
            maxLiveRequests: 3, maxBatchTokens: 100_000, maxStepTokens: 7, maxRequests: 16)
        let results = try await model.withEngine(limits: limits) { try await $0.generate(requests) }
        for (request, result) in zip(requests, results) {
            let pooled = request.prompt.count - request.poolingStart + result.rationale.count
            #expect(result.tokenStates.count == pooled * result.mean.count)
            #expect(relativeL2(mean(result), result.mean) <= 1e-6)
            #expect(relativeL2(result.mean, model.meanOfFullPass(request, rationale: result.rationale)) <= 1e-5)
        }
    }

    @Test("Each state is what the mean of the tokens up to it says", arguments: TinyModel.names)
    func order(name: String) async throws {
        guard let model = try TinyModel(name) else { return }
        let request = wanting(model.request(1, maxRationaleTokens: 6))
        let result = try await model.withEngine { try await $0.generate([request]) }[0]
        let channels = result.mean.count
        let promptCount = request.prompt.count - request.poolingStart
        for count in 0..<result.rationale.count {
            let tokens = Array(result.rationale.prefix(count))
            let before = model.meanOfFullPass(request, rationale: tokens)
            let after = model.meanOfFullPass(request, rationale: Array(result.rationale.prefix(count + 1)))
            let known = Float(promptCount + count)
            let expected = zip(before, after).map { $1 * (known + 1) - $0 * known }
            let state = Array(
                result.tokenStates[(promptCount + count) * channels..<(promptCount + count + 1) * channels])
            #expect(relativeL2(state, expected) <= 1e-3)
        }
    }

    @Test("Rows that take a prompt over have its states too, whoever of them wants any")
    func sharedPrompts() async throws {
        guard let model = try TinyModel("tiny-qwen2") else { return }
        let plain = model.request(2, maxRationaleTokens: 9, temperature: 1)
        var requests = [plain, wanting(plain), wanting(plain), plain, wanting(plain)]
        for index in requests.indices { requests[index].sampling.seed = UInt64(index / 2) }
        let results = try await model.withEngine { try await $0.generate(requests) }
        for (request, result) in zip(requests, results) {
            guard request.wantsTokenStates else {
                #expect(result.tokenStates.isEmpty)
                continue
            }
            #expect(relativeL2(mean(result), result.mean) <= 1e-6)
            #expect(
                result.tokenStates.count
                    == (request.prompt.count - request.poolingStart + result.rationale.count) * result.mean.count)
        }
    }

    @Test("Guesses leave no state behind, right or wrong")
    func speculation() async throws {
        guard let model = try TinyModel.repetitive("tiny-qwen2", precision: .bfloat16) else { return }
        let requests = (0..<6).map { wanting(model.request($0, maxRationaleTokens: 60)) }
        let plain = try await model.withEngine { try await $0.generate(requests) }
        let guessed = try await model.withEngine(speculation: Speculation()) { engine in
            var results: [GenerationResult] = []
            for request in requests { results += try await engine.generate([request]) }
            return results
        }
        #expect(guessed.reduce(0) { $0 + $1.acceptedTokenCount } > 0)
        for (found, expected) in zip(guessed, plain) {
            #expect(found.rationale == expected.rationale)
            #expect(found.tokenStates == expected.tokenStates)
        }
    }

    @Test("What is reserved is within the limit, and given back when nobody holds it")
    func budget() throws {
        let budget = TokenStateBudget(limit: 100)
        #expect(throws: EngineError.tooManyTokenStates(needed: 101, limit: 100)) { try budget.reserve(101) }
        var first: TokenStateBudget.Reservation? = try budget.reserve(60)
        #expect(throws: EngineError.tokenStatesFull(present: 60, needed: 41, limit: 100)) { try budget.reserve(41) }
        let second = try budget.reserve(40)
        #expect(budget.reservedCount == 100)
        withExtendedLifetime(first) {}
        first = nil
        #expect(budget.reservedCount == 40)
        withExtendedLifetime(second) {}
    }
}
