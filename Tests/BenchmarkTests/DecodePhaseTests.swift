import Benchmark
import Engine
import Testing

@Suite("DecodePhase")
struct DecodePhaseTests {
    struct Example: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let rows: Int
        let limit: Int
        /// Rows, those that write, unfinished prompts; a step takes as many milliseconds as its place in the list.
        let steps: [(rows: Int, writing: Int, unfinished: Int)]
        /// Tokens and milliseconds.
        let expected: [Int]?

        init(
            _ description: String, rows: Int, limit: Int, _ steps: [(rows: Int, writing: Int, unfinished: Int)],
            _ expected: [Int]?
        ) {
            testDescription = description
            (self.rows, self.limit, self.steps, self.expected) = (rows, limit, steps, expected)
        }
    }

    static let examples: [Example] = [
        Example(
            "the step that ends the prompts is left out, and the one in which a rationale ends", rows: 2, limit: 99,
            [(2, 2, 0), (2, 2, 0), (2, 2, 0), (2, 1, 0), (1, 1, 0)], [4, 5]),
        Example(
            "prompts in pieces", rows: 2, limit: 99,
            [(1, 0, 1), (2, 1, 1), (2, 1, 1), (2, 2, 0), (2, 2, 0), (2, 2, 0)], [4, 11]),
        Example(
            "whole prompts that wait for room in a step", rows: 3, limit: 99,
            [(1, 1, 0), (2, 2, 0), (3, 3, 0), (3, 3, 0), (3, 2, 0)], [3, 4]),
        Example(
            "no more tokens than asked for", rows: 1, limit: 2,
            [(1, 1, 0), (1, 1, 0), (1, 1, 0), (1, 1, 0)], [2, 5]),
        Example(
            "the limit is reached or passed by a whole step", rows: 2, limit: 3,
            [(2, 2, 0), (2, 2, 0), (2, 2, 0), (2, 2, 0)], [4, 5]),
        Example("nothing ran", rows: 1, limit: 9, [], nil),
        Example("not all were there at once", rows: 2, limit: 9, [(1, 1, 0), (1, 1, 0), (1, 1, 0)], nil),
        Example("the first ended when the last began", rows: 2, limit: 9, [(1, 1, 0), (2, 1, 0), (1, 1, 0)], nil),
        Example("prompts alone", rows: 2, limit: 9, [(2, 0, 2), (2, 0, 0)], nil),
    ]

    @Test("Only steps in which all rows write are counted", arguments: examples)
    func phases(example: Example) {
        var now = ContinuousClock.now
        let reports = example.steps.enumerated().map { index, step in
            now += .milliseconds(index + 1)
            return StepReport(
                rows: step.rows, writingRows: step.writing, unfinishedPrompts: step.unfinished, startedAt: now,
                endedAt: now)
        }
        let phase = DecodePhase(of: reports, rows: example.rows, tokenLimit: example.limit)
        #expect(phase.map { [$0.tokens, Int($0.time / .milliseconds(1))] } == example.expected)
        if let phase, let expected = example.expected {
            #expect(abs(phase.rate - Double(expected[0] * 1000) / Double(expected[1])) < 1e-6)
        }
    }
}
