import Foundation
import TestSupport
import Testing
import Training

/// Rewards as PyTorch computed them.
private struct RewardGolden: Decodable {
    struct Mode: Decodable {
        let positive: [Double]
        let negative: [Double]
        let consistency: [Double]
        let hardNegative: [Double]
        let total: [Double]
        let advantage: [Double]
    }

    let tau: Double
    let consistencyWeight: Double
    let hardNegativeWeight: Double
    let lengthPenaltyReward: Double
    let groups: [Int]
    let query: [[Float]]
    let negative: [[Float]]
    let main: [[Float]]
    let reachedLimitWithoutEos: [Bool]
    let supervised: Mode
    let unsupervised: Mode

    static func load() throws -> RewardGolden? {
        guard let url = ReferenceDirectory.file("reward.json") else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Self.self, from: Data(contentsOf: url))
    }

    func batch(isSupervised: Bool) -> RewardBatch {
        RewardBatch(
            query.indices.map { group in
                RewardBatch.Group(
                    rollouts: groups.indices.filter { groups[$0] == group }.map {
                        .init(vector: main[$0], isCutOff: reachedLimitWithoutEos[$0])
                    }, query: query[group], negative: isSupervised ? negative[group] : nil)
            })
    }

    func reward(isSupervised: Bool) -> ContrastiveReward {
        ContrastiveReward(
            parts: ContrastiveReward.publishedParts(
                hasNegatives: isSupervised, consistencyWeight: consistencyWeight,
                hardNegativeWeight: hardNegativeWeight), temperature: tau, truncatedReward: lengthPenaltyReward)
    }
}

@Suite("Rewards against PyTorch (Reference)")
struct RewardReferenceTests {
    @Test("Every piece, the sum and the advantage", arguments: [true, false])
    func published(isSupervised: Bool) throws {
        guard let golden = try RewardGolden.load() else { return }
        let expected = isSupervised ? golden.supervised : golden.unsupervised
        let outcome = golden.reward(isSupervised: isSupervised).rewards(golden.batch(isSupervised: isSupervised))
        func differs(_ found: [[Double]]?, _ expected: [Double]) -> Bool {
            let flat = (found ?? []).flatMap { $0 }
            return flat.count != expected.count || zip(flat, expected).contains { abs($0 - $1) > 1e-5 }
        }
        #expect(!differs(outcome.totals, expected.total))
        #expect(!differs(Advantages.advantages(of: outcome.totals), expected.advantage))
        #expect(!differs(outcome.pieces["positive"], expected.positive))
        #expect(!differs(outcome.pieces["consistency"], expected.consistency))
        #expect(!differs(outcome.pieces["hard_negative"], expected.hardNegative))
        if isSupervised {
            #expect(!differs(outcome.pieces["negative"], expected.negative))
        }
    }

    @Test("Of the published pieces for triplets two are the same for a whole group: nothing repels")
    func cancellation() throws {
        guard let golden = try RewardGolden.load() else { return }
        let batch = golden.batch(isSupervised: true)
        let all = ContrastiveReward(
            parts: ContrastiveReward.publishedParts(hasNegatives: true), truncatedReward: nil)
        let attracting = ContrastiveReward(
            parts: all.parts.filter { ["positive", "consistency"].contains($0.piece.name) }, truncatedReward: nil)
        let found = Advantages.advantages(of: all.rewards(batch).totals).flatMap { $0 }
        let expected = Advantages.advantages(of: attracting.rewards(batch).totals).flatMap { $0 }
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-9 })
        // Those that repel differ within a group.
        for piece in [RepulsionFromNegative() as any RewardPiece, RepulsionFromOtherQueries()] {
            #expect(piece.values(batch).allSatisfy { Set($0).count > 1 })
        }
    }
}

@Suite("Pieces of a reward")
struct RewardPieceTests {
    private func batch(tokens: [Int32], limit: Int = 10, text: String = "") -> RewardBatch {
        let rollout = RewardBatch.Rollout(
            vector: [1, 0], tokens: tokens, isCutOff: false, tokenLimit: limit, text: text)
        return RewardBatch([.init(rollouts: [rollout], query: [1, 0], negative: nil)])
    }

    @Test(
        "A rationale's length is its share of the limit",
        arguments: [([1, 2, 3, 4, 5], -0.5), ([], 0)] as [([Int32], Double)])
    func length(tokens: [Int32], expected: Double) {
        #expect(LengthPenalty().values(batch(tokens: tokens)) == [[expected]])
    }

    @Test(
        "Repetition is the share of runs of three tokens that were there before",
        arguments: [([1, 2, 3, 4], 0), ([1, 1, 1, 1, 1], -2 / 3.0), ([1, 2, 3], 0), ([1, 2, 3, 1, 2, 3], -0.25)]
            as [([Int32], Double)])
    func repetition(tokens: [Int32], expected: Double) {
        #expect(RepetitionPenalty().values(batch(tokens: tokens)) == [[expected]])
    }

    @Test(
        "The format is a thought and what follows it",
        arguments: [
            ("<think>a</think> b", 1.0), ("<think>a</think>  \n", 0), ("a b", 0), ("<think>a", 0), ("a</think>b", 0),
            ("<think>a</think>b</think>c", 0),
        ])
    func format(text: String, expected: Double) {
        #expect(FormatReward().values(batch(tokens: [], text: text)) == [[expected]])
    }

    @Test("The contrast is the logarithm of the query's share, which nothing common to all changes")
    func contrast() {
        func unit(_ cosine: Float) -> [Float] { [cosine, (1 - cosine * cosine).squareRoot()] }
        func group(_ main: [Float], query: Float, negative: Float?) -> RewardBatch.Group {
            .init(
                rollouts: [.init(vector: main, isCutOff: false)], query: unit(query), negative: negative.map(unit))
        }
        // Against the first axis the cosines are the numbers themselves.
        let batch = RewardBatch([
            group([1, 0], query: 0.8, negative: 0.5), group([1, 0], query: 0.1, negative: nil),
        ])
        let shares = [0.8, 0.5, 0.1].map { exp(Double(Float($0)) / 0.25) }
        let values = Contrast(temperature: 0.25).values(batch)
        #expect(abs(values[0][0] - log(shares[0] / shares.reduce(0, +))) < 1e-6)
        #expect(abs(values[1][0] - log(shares[2] / shares.reduce(0, +))) < 1e-6)
        // The vectors turned: all cosines fall, and the differences stay.
        let near = RewardBatch([group([1, 0], query: 0.9, negative: 0.6)])
        let far = RewardBatch([group([1, 0], query: 0.3, negative: 0)])
        let piece = Contrast(temperature: 0.1)
        #expect(abs(piece.values(near)[0][0] - piece.values(far)[0][0]) < 1e-5)
    }

    @Test("Without other groups, other rollouts or a negative a piece is 0")
    func alone() {
        let batch = batch(tokens: [1])
        for piece in [
            QueryNegative() as any RewardPiece, Consistency(), HardestOfOthers(), RepulsionFromOtherQueries(),
            RepulsionFromNegative(),
        ] {
            #expect(piece.values(batch) == [[0]], "\(piece.name)")
        }
    }

    @Test("A group that was cut off has no advantage; a rollout that was cut off gets what is chosen")
    func cutOff() {
        let vectors: [[Float]] = [[1, 0], [0, 1], [0.6, 0.8]]
        func rewards(_ truncated: Double?, cutOff: [Bool]) -> [Double] {
            let group = RewardBatch.Group(
                rollouts: zip(vectors, cutOff).map { .init(vector: $0, isCutOff: $1) }, query: [1, 0], negative: nil)
            return ContrastiveReward(parts: [.init(Attraction(), weight: 1)], truncatedReward: truncated)
                .rewards(RewardBatch([group])).totals[0]
        }
        #expect(Advantages.advantages(of: [rewards(-1, cutOff: [true, true, true])]) == [[0, 0, 0]])
        #expect(rewards(-1, cutOff: [false, true, false])[1] == -1)
        #expect(rewards(nil, cutOff: [true, true, true]) == rewards(-1, cutOff: [false, false, false]))
    }
}
