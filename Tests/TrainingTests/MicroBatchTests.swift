import TensorGradients
import TestSupport
import Testing
import Training
import Transformer

@Suite("Micro-batches")
struct MicroBatchTests {
    private static let prefix: [TokenID] = [5, 6, 7]

    /// Sequences of a few prompts, many of which begin with the prefix and follow each other.
    private static func sequences(seed: UInt64) -> [TrainingSequence] {
        var generator = SeededGenerator(seed: seed)
        func tokens(_ range: ClosedRange<Int>) -> [TokenID] {
            (0..<Int.random(in: range, using: &generator)).map { _ in TokenID.random(in: 10..<500, using: &generator) }
        }
        var sequences: [TrainingSequence] = []
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let isShared = Bool.random(using: &generator)
            let prompt = (isShared ? prefix : []) + tokens(1...9)
            // Not always behind the prefix: then it must not be shared.
            let start = isShared && Int.random(in: 0..<4, using: &generator) > 0 ? 3 : 0
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                sequences.append(
                    TrainingSequence(
                        prompt: prompt, poolingStart: start, rationale: tokens(0...6),
                        stopToken: Bool.random(using: &generator) ? 511 : nil))
            }
        }
        return sequences
    }

    /// For each row the tokens that lead to it, its own at the end.
    private func contexts(_ packed: PackedTokens) -> [[TokenID]] {
        var whole: [[TokenID]] = []
        var contexts: [[TokenID]] = []
        for segment in packed.segments {
            var context = segment.parent.map { whole[$0] } ?? []
            for row in segment.rows {
                context.append(packed.tokens[row])
                contexts.append(context)
                #expect(packed.positions[row] == context.count - 1, "positions go on")
            }
            whole.append(context)
        }
        return contexts
    }

    @Test(
        "Every sequence is there once, in order, within the capacity, with its rows and targets",
        arguments: 0..<60 as Range<UInt64>, [true, false])
    func properties(seed: UInt64, sharesPrompts: Bool) throws {
        let sequences = Self.sequences(seed: seed)
        for capacity in [18, 25, 40, 1000] {
            let batches = try MicroBatch.pack(
                sequences, sharedPrefix: Self.prefix, sharesPrompts: sharesPrompts, capacity: capacity)
            #expect(batches.flatMap { $0.members.map(\.sequence) } == Array(sequences.indices))
            for batch in batches {
                #expect(!batch.members.isEmpty && batch.tokens.tokens.count <= capacity)
                let contexts = contexts(batch.tokens)
                for member in batch.members {
                    let sequence = sequences[member.sequence]
                    let all = sequence.prompt + sequence.rationale
                    let pooled = member.pooledRows.map { contexts[$0] }
                    #expect(pooled == (sequence.poolingStart..<all.count).map { Array(all[...$0]) })
                    #expect(member.targets.map(\.token) == sequence.chosenTokens)
                    let expected = sequence.chosenTokens.indices.map { Array(all[..<(sequence.prompt.count + $0)]) }
                    #expect(member.targets.map { contexts[$0.row] } == expected)
                }
            }
            if !sharesPrompts {
                let count = batches.reduce(0) { $0 + $1.tokens.tokens.count }
                #expect(count == sequences.reduce(0) { $0 + $1.prompt.count + $1.rationale.count })
            }
        }
    }

    @Test("What is the same comes once where it may be shared")
    func sharing() throws {
        let sequences = [[10, 11], [10, 11], [12]].map { (rest: [TokenID]) in
            TrainingSequence(prompt: Self.prefix + rest, poolingStart: 3, rationale: [20, 21])
        }
        func count(_ sharesPrompts: Bool) throws -> [Int] {
            try MicroBatch.pack(
                sequences, sharedPrefix: Self.prefix, sharesPrompts: sharesPrompts, capacity: 100
            ).map(\.tokens.tokens.count)
        }
        #expect(try count(true) == [3 + 2 + 2 + 2 + 1 + 2])
        #expect(try count(false) == [7 + 7 + 6])
    }

    @Test("A sequence over the capacity is refused, one of the capacity is not", arguments: [true, false])
    func tooLong(sharesPrompts: Bool) throws {
        let short = TrainingSequence(prompt: Self.prefix + [10], poolingStart: 3)
        let long = TrainingSequence(prompt: Self.prefix + [10, 11], poolingStart: 3, rationale: [20, 21])
        func pack(_ capacity: Int) throws -> Int {
            try MicroBatch.pack(
                [short, long], sharedPrefix: Self.prefix, sharesPrompts: sharesPrompts, capacity: capacity
            ).count
        }
        #expect(try pack(7) == 2)
        #expect(throws: TrainingError.sequenceTooLong(tokens: 7, limit: 6)) { try pack(6) }
    }

    @Test("No sequences make no micro-batches")
    func none() throws {
        #expect(try MicroBatch.pack([], sharedPrefix: Self.prefix, capacity: 1).isEmpty)
    }

    @Test("Sharing and cutting change no score", arguments: [1, 2, 3] as [UInt64])
    func scores(seed: UInt64) throws {
        guard let model = try TrainableModel.reference("tiny-qwen2") else { return }
        let sequences = Self.sequences(seed: seed)
        let pass = TrainingPass(model: model, tokenCapacity: 512)
        func scores(sharesPrompts: Bool, capacity: Int) throws -> ([[TokenScore]], [[Float]]) {
            var scores: [[TokenScore]] = []
            var vectors: [[Float]] = []
            for batch in try MicroBatch.pack(
                sequences, sharedPrefix: Self.prefix, sharesPrompts: sharesPrompts, capacity: capacity)
            {
                pass.forward(batch.tokens)
                for member in batch.members {
                    scores.append(pass.score(member.targets, temperature: 1))
                    vectors.append(pass.pool(member.pooledRows))
                }
            }
            return (scores, vectors)
        }
        let expected = try scores(sharesPrompts: false, capacity: 20)
        for (sharesPrompts, capacity) in [(true, 20), (true, 512), (false, 512)] {
            let found = try scores(sharesPrompts: sharesPrompts, capacity: capacity)
            for (found, expected) in zip(found.0.flatMap { $0 }, expected.0.flatMap { $0 }) {
                #expect(abs(found.logProbability - expected.logProbability) <= 1e-4)
                #expect(abs(found.entropy - expected.entropy) <= 1e-4)
            }
            for (found, expected) in zip(found.1, expected.1) { #expect(relativeL2(found, expected) <= 1e-5) }
        }
    }
}
