import Datasets
import TestSupport
import Testing

@Suite("Splits")
struct SplitTests {
    /// The queries that are held out.
    private func heldOut(_ text: String, _ split: SplitPlan, change: (inout PreparationPlan) -> Void = { _ in }) throws
        -> [String]
    {
        var preparing = try Preparing(text)
        preparing.plan.split = split
        change(&preparing.plan)
        return try preparing.run().dataset.examples(.heldOut).map(\.query)
    }

    private func pairs(_ numbers: some Sequence<Int>) -> String {
        numbers.map { triplet("question \($0)", "answer \($0)") }.joined()
    }

    @Test("A share is held out as Python computes it")
    func golden() throws {
        let golden = try DatasetGolden.load()
        let text = golden.queries.enumerated().map { triplet($1, "answer \($0)") }.joined()
        for expected in golden.held_out {
            let seed = try #require(UInt64(expected.seed))
            let found = try heldOut(text, SplitPlan(heldOut: .fraction(expected.fraction), seed: seed))
            #expect(found == expected.indices.map { golden.queries[$0] })
        }
    }

    @Test("A share comes to about its size, and another seed to another part", arguments: [0.01, 0.1, 0.5, 0.99])
    func share(fraction: Double) throws {
        let text = pairs(0..<4000)
        var parts: Set<[String]> = []
        for seed in 0..<3 as Range<UInt64> {
            let part = try heldOut(text, SplitPlan(heldOut: .fraction(fraction), seed: seed))
            // Five standard deviations of so many coins; the seeds are fixed.
            let deviation = (4000 * fraction * (1 - fraction)).squareRoot()
            #expect(abs(Double(part.count) - 4000 * fraction) < 5 * deviation)
            parts.insert(part)
        }
        #expect(parts.count == 3)
    }

    @Test("An example stays on its side, whatever comes before, after or between", arguments: [1, 2, 3] as [UInt64])
    func stable(seed: UInt64) throws {
        let split = SplitPlan(heldOut: .fraction(0.2), seed: seed)
        var generator = SeededGenerator(seed: seed)
        let some = Set(try heldOut(pairs(0..<300), split))
        let more = Set(try heldOut(pairs((0..<600).shuffled(using: &generator)), split))
        let known = Set((0..<300).map { "question \($0)" })
        #expect(some == more.intersection(known))
    }

    @Test("A count is held out exactly", arguments: [0, 1, 7, 299])
    func count(count: Int) throws {
        let part = try heldOut(pairs(0..<300), SplitPlan(heldOut: .count(count), seed: 9))
        #expect(part.count == count)
        // A larger count holds the smaller one's part.
        let more = try heldOut(pairs(0..<300), SplitPlan(heldOut: .count(min(299, count + 5)), seed: 9))
        #expect(Set(part).isSubset(of: more))
    }

    @Test("All examples of a query are on one side; where the last query has too many, fewer are held out")
    func groups() throws {
        let text = (0..<600).map { triplet("question \($0 % 100)", "answer \($0)") }.joined()
        for count in [5, 6, 11, 60, 61] {
            let part = try heldOut(text, SplitPlan(heldOut: .count(count)))
            #expect(part.count == count / 6 * 6)
            #expect(Set(part).count == count / 6)
        }
        let share = try heldOut(text, SplitPlan(heldOut: .fraction(0.3)))
        #expect(share.count == 6 * Set(share).count)
    }

    @Test("The head of what was read is held out, dropped examples counted, as the published method has it")
    func head() throws {
        let long = Array(repeating: "w", count: 11).joined(separator: " ")
        let text = triplet("q0", "p0") + triplet("q1", long) + "{}\n" + pairs(0..<18)
        #expect(
            try heldOut(text, SplitPlan(rule: .head, heldOut: .fraction(0.2))) == ["q0", "question 0", "question 1"])
        #expect(try heldOut(text, SplitPlan(rule: .head, heldOut: .count(2))) == ["q0"])
        #expect(try heldOut(text, SplitPlan(rule: .head, heldOut: .fraction(0.01))) == [])
    }

    @Test(
        "What is trained on has no query and no positive of the held-out part, unless that is asked for",
        arguments: [SplitPlan.Rule.random, .head], [1, 2, 3] as [UInt64])
    func noLeak(rule: SplitPlan.Rule, seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let text = (0..<1000).map { _ in
            triplet(
                "q \(Int.random(in: 0..<800, using: &generator))", "p \(Int.random(in: 0..<800, using: &generator))")
        }.joined()
        var preparing = try Preparing(text)
        preparing.plan.split = SplitPlan(rule: rule, heldOut: .fraction(0.1), seed: seed)
        let (report, dataset) = try preparing.run()
        let held = try dataset.examples(.heldOut)
        let trained = try dataset.examples(.training)
        let heldTexts = Set(held.flatMap { [$0.query, $0.main] })
        #expect(!held.isEmpty && report.sharedTextCount > 0)
        #expect(trained.allSatisfy { !heldTexts.contains($0.query) && !heldTexts.contains($0.main) })
        #expect(trained.count + held.count + report.sharedTextCount + report.duplicateCount == 1000)
        preparing.plan.keepsSharedTexts = true
        let (kept, all) = try preparing.run()
        #expect(kept.sharedTextCount == report.sharedTextCount)
        #expect(all.count(of: .training) == trained.count + report.sharedTextCount)
        #expect(try all.examples(.heldOut) == held)
    }

    @Test("A held-out positive is nobody's mined negative")
    func minedFromTraining() throws {
        var preparing = try Preparing((0..<200).map { triplet("tree \($0)", "tree \($0) grows") }.joined())
        preparing.plan.split = SplitPlan(heldOut: .fraction(0.2))
        preparing.plan.miningMemoryLimit = 1 << 24
        let dataset = try preparing.run().dataset
        let held = Set(try dataset.examples(.heldOut).map(\.main))
        let negatives = try DatasetSplit.allCases.flatMap { try dataset.examples($0) }.map { try #require($0.negative) }
        #expect(negatives.count == 200 && held.count > 20)
        #expect(held.isDisjoint(with: negatives))
    }

    static let heldOuts: [(String, HeldOut?)] = [
        ("0.01", .fraction(0.01)), ("0.0", .fraction(0)), (".5", .fraction(0.5)), ("500", .count(500)),
        ("0", .count(0)),
        ("1.0", nil), ("-1", nil), ("-0.1", nil), ("1e3", nil), ("10000001", nil), ("", nil), ("x", nil), ("0.x", nil),
        ("nan.", nil), ("99999999999999999999", nil),
    ]

    @Test("A point tells a share from a count", arguments: heldOuts.indices)
    func parsed(index: Int) {
        #expect(HeldOut(Self.heldOuts[index].0) == Self.heldOuts[index].1)
    }
}
