import Benchmark
import Engine
import Testing

@Suite("BenchmarkPlan")
struct BenchmarkPlanTests {
    private func refusal(
        _ concurrencies: [Int] = [1], prompt: Int = 4, rationale: Int = 4, rounds: Int = 1, texts: Int? = nil
    ) -> BenchmarkError? {
        do throws(BenchmarkError) {
            _ = try BenchmarkPlan(
                concurrencies: concurrencies, promptTokens: prompt, rationaleTokens: rationale, rounds: rounds,
                texts: texts)
            return nil
        } catch {
            return error
        }
    }

    @Test("What cannot be measured is refused, with the option's name and what is allowed")
    func refusals() {
        #expect(refusal() == nil)
        #expect(refusal([1, 256]) == nil)
        #expect(refusal([]) == .noConcurrency)
        for value in [0, -1, 257] {
            #expect(refusal([8, value]) == .outOfRange(option: "--concurrency", value: value, allowed: 1...256))
        }
        #expect(refusal(prompt: 0) == .outOfRange(option: "--prompt-tokens", value: 0, allowed: 1...1_000_000))
        #expect(refusal(rationale: 0) == .outOfRange(option: "--rationale-tokens", value: 0, allowed: 1...1_000_000))
        #expect(refusal(rounds: 0) == .outOfRange(option: "--rounds", value: 0, allowed: 1...1000))
        #expect(refusal(texts: 0) == .outOfRange(option: "--texts", value: 0, allowed: 1...1_000_000))
        #expect("\(BenchmarkError.outOfRange(option: "--rounds", value: 0, allowed: 1...9))".contains("--rounds is 0"))
    }

    @Test("Prompt and rationale must fit the context, to the token")
    func context() throws {
        let plan = try BenchmarkPlan(concurrencies: [1], promptTokens: 100, rationaleTokens: 28, rounds: 1)
        try plan.check(contextLength: 128)
        #expect(throws: BenchmarkError.contextTooShort(promptTokens: 100, rationaleTokens: 28, contextLength: 127)) {
            try plan.check(contextLength: 127)
        }
    }

    @Test(
        "There is a text for every client, and enough for a median",
        arguments: [(1, 16), (4, 16), (5, 20), (64, 256)])
    func textCounts(concurrency: Int, expected: Int) throws {
        let plan = try BenchmarkPlan(concurrencies: [1], promptTokens: 4, rationaleTokens: 4, rounds: 1)
        #expect(plan.textCount(concurrency: concurrency) == expected)
        let fixed = try BenchmarkPlan(concurrencies: [1], promptTokens: 4, rationaleTokens: 4, rounds: 1, texts: 3)
        #expect(fixed.textCount(concurrency: concurrency) == 3)
    }

    @Test(
        "Planned as it is, a batch has a phase in which all write as many tokens as are asked for",
        arguments: [1, 2, 7, 64, 127, 128, 129, 256], [(1, 1), (64, 64), (1, 40), (300, 3)])
    func phases(concurrency: Int, lengths: (prompt: Int, rationale: Int)) throws {
        let plan = try BenchmarkPlan(
            concurrencies: [concurrency], promptTokens: lengths.prompt, rationaleTokens: lengths.rationale, rounds: 1)
        let decoded = plan.decodedTokens(concurrency: concurrency)
        var scheduler = BatchScheduler(limits: plan.limits(concurrency: concurrency))
        let ids = try scheduler.submit(
            Array(
                repeating: .init(positionCount: lengths.prompt + decoded, pendingTokens: lengths.prompt),
                count: concurrency))
        // What the engine would do, without a model.
        var unrun = Dictionary(uniqueKeysWithValues: ids.map { ($0, lengths.prompt) })
        var written: [BatchScheduler.RequestID: Int] = [:]
        var reports: [StepReport] = []
        while !scheduler.isIdle {
            let work = scheduler.nextStep().work
            var report = StepReport(
                rows: work.count, writingRows: 0, unfinishedPrompts: 0, startedAt: .now, endedAt: .now)
            for piece in work {
                scheduler.ran(piece)
                unrun[piece.request, default: 0] -= piece.tokenCount
                if unrun[piece.request, default: 0] > 0 {
                    report.unfinishedPrompts += 1
                } else if written[piece.request, default: 0] < decoded {
                    written[piece.request, default: 0] += 1
                    unrun[piece.request] = 1
                    scheduler.wrote(piece.request)
                    report.writingRows += 1
                } else {
                    scheduler.remove(piece.request)
                }
            }
            reports.append(report)
        }
        let limit = concurrency * lengths.rationale
        #expect(DecodePhase(of: reports, rows: concurrency, tokenLimit: limit)?.tokens == limit)
    }
}
