import Tensors
import TestSupport
import Testing
import Transformer

/// Models of all three architectures, small and with unlike sizes everywhere.
private func model(_ architecture: String) throws -> Transformer {
    let members = ConfigMembers.llama.setting([
        "model_type": "\"\(architecture)\"", "vocab_size": "50", "hidden_size": "24", "intermediate_size": "40",
        "num_hidden_layers": "2", "num_attention_heads": "6", "num_key_value_heads": "2", "head_dim": "10",
    ])
    return try TinyModel(randomWeightsFor: members, seed: 5).loadHuggingFace()
}

private func randomTokens(_ count: Int, seed: UInt64) -> [TokenID] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in TokenID.random(in: 0..<50, using: &generator) }
}

@Suite("Transformer")
struct TransformerStepTests {
    @Test(
        "A sequence in steps has the hidden states of the sequence in one step", arguments: ["llama", "qwen3"],
        [[20, 3], [1, 22], [22, 1], [7, 1, 1, 9, 5], [Int](repeating: 1, count: 23)])
    func steps(architecture: String, steps: [Int]) throws {
        let model = try model(architecture)
        let tokens = randomTokens(23, seed: 1)
        let whole = model.hiddenStates(of: tokens)
        let found = model.hiddenStates(of: tokens, steps: steps)
        #expect(found.count == 23)
        #expect(zip(found, whole).allSatisfy { relativeL2($0, $1) <= 1e-5 })
    }

    @Test("A sequence among others has the hidden states that it has alone", arguments: ["llama", "qwen3"])
    func batch(architecture: String) throws {
        let model = try model(architecture)
        let sequences = [5, 1, 17, 2].enumerated().map { randomTokens($1, seed: UInt64(100 + $0)) }
        let alone = sequences.map { model.hiddenStates(of: $0) }
        let activations = Activations(configuration: model.configuration, tokenCapacity: 64, samplingCapacity: 4)
        let pool = model.makePagePool()
        let caches = sequences.map { _ in KVCache(pool: pool) }
        var found = [[[Float]]](repeating: [], count: sequences.count)
        // Each sequence is at a position of its own: the first step takes one token, the second the rest.
        for step in 0..<2 {
            var chunks: [SequenceChunk] = []
            var owners: [Int] = []
            for (index, tokens) in sequences.enumerated() {
                let part = step == 0 ? tokens[..<1] : tokens[1...]
                if part.isEmpty { continue }
                chunks.append(SequenceChunk(tokens: part, cache: caches[index]))
                owners += part.map { _ in index }
            }
            let states = model.forward(chunks, activations: activations)
            for (row, owner) in owners.enumerated() {
                found[owner].append(states.row(row))
            }
        }
        for (found, alone) in zip(found, alone) {
            #expect(found.count == alone.count)
            #expect(zip(found, alone).allSatisfy { relativeL2($0, $1) <= 1e-5 })
        }
    }

    @Test("A cache that adopts a prefix goes on as if it had computed it", arguments: [0, 1, 6, 9])
    func adoptedPrefix(count: Int) throws {
        let model = try model("qwen3")
        let tokens = randomTokens(10, seed: 2)
        let whole = model.hiddenStates(of: tokens)
        let activations = Activations(configuration: model.configuration, tokenCapacity: 10, samplingCapacity: 1)
        let pool = model.makePagePool()
        // The cache that is adopted from may hold more than is taken.
        let original = KVCache(pool: pool)
        _ = model.forward([SequenceChunk(tokens: tokens[..<9], cache: original)], activations: activations)
        let cache = KVCache(pool: pool)
        cache.adoptPrefix(of: original, count: count)
        #expect(cache.count == count)
        let states = model.forward([SequenceChunk(tokens: tokens[count...], cache: cache)], activations: activations)
        for row in 0..<10 - count {
            #expect(relativeL2(states.row(row), whole[count + row]) <= 1e-5)
        }
    }

    @Test("A cache that was truncated goes on as if it had never held more", arguments: [0, 3, 8, 9])
    func truncatedCache(count: Int) throws {
        let model = try model("qwen3")
        let tokens = randomTokens(10, seed: 2)
        let whole = model.hiddenStates(of: tokens)
        let activations = Activations(configuration: model.configuration, tokenCapacity: 10, samplingCapacity: 1)
        let cache = KVCache(pool: model.makePagePool())
        let others = tokens[..<count] + randomTokens(9 - count, seed: 3)
        _ = model.forward([SequenceChunk(tokens: others, cache: cache)], activations: activations)
        cache.truncate(to: count)
        #expect(cache.count == count)
        let states = model.forward([SequenceChunk(tokens: tokens[count...], cache: cache)], activations: activations)
        for row in 0..<10 - count {
            #expect(relativeL2(states.row(row), whole[count + row]) <= 1e-5)
        }
    }

    @Test("The same activations serve sequences of any length, one after another")
    func reusedActivations() throws {
        let model = try model("llama")
        let activations = Activations(configuration: model.configuration, tokenCapacity: 40, samplingCapacity: 1)
        for length in [3, 40, 1, 17] {
            let tokens = randomTokens(length, seed: UInt64(length))
            let cache = KVCache(pool: model.makePagePool())
            let states = model.forward([SequenceChunk(tokens: tokens[...], cache: cache)], activations: activations)
            #expect((0..<length).map(states.row) == model.hiddenStates(of: tokens))
        }
    }
}

@Suite("MeanPool")
struct MeanPoolTests {
    @Test("The mean is over the rows that were added, and zeros over none")
    func literal() {
        let states = Activation(rowCapacity: 3, columns: 2)
        states.setRow(0, to: [1, -2])
        states.setRow(1, to: [100, 100])
        states.setRow(2, to: [2, 5])
        var pool = MeanPool(channels: 2)
        #expect(pool.mean == [0, 0])
        pool.add(states, row: 0)
        pool.add(states, row: 2)
        #expect(pool.count == 2)
        #expect(pool.mean == [1.5, 1.5])
    }

    @Test("Small states are not lost beside large ones")
    func precision() {
        let states = Activation(rowCapacity: 2, columns: 1)
        states.setRow(0, to: [0x1p30])
        states.setRow(1, to: [1])
        var pool = MeanPool(channels: 1)
        pool.add(states, row: 0)
        for _ in 0..<1023 {
            pool.add(states, row: 1)
        }
        #expect(pool.mean == [Float((0x1p30 + 1023.0) / 1024)])
        #expect(pool.mean != [0x1p20])
    }
}
