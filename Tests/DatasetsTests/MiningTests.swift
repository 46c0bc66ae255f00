import Datasets
import Foundation
import Testing

@Suite("Mined negatives")
struct MiningTests {
    private func index(_ documents: [String]) -> BM25Index {
        var index = BM25Index()
        for document in documents { index.add(document) }
        return index
    }

    private func miner(_ pairs: [(String, String)], memoryLimit: Int = .max) throws -> NegativeMiner {
        var miner = NegativeMiner(memoryLimit: memoryLimit)
        for (number, pair) in pairs.enumerated() {
            try miner.add(query: pair.0, positive: pair.1, tokenCount: number)
        }
        return miner
    }

    @Test("Scores are those that were worked out by hand")
    func byHand() {
        // Of 3 documents 2 have the word: log(1 + 1.5 / 2.5). The mean length is 2.
        let weight = log(1.6)
        let scores = index(["Alder, birch!", "alder-ALDER cedar", "dogwood"]).scores("The alder?")
        #expect(scores.map(\.document) == [0, 1])
        #expect(abs(scores[0].score - weight * 1 * 2.2 / (1 + 1.2)) < 1e-15)
        #expect(abs(scores[1].score - weight * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 1.5))) < 1e-15)
        // Twice in the query counts twice; what no document has counts nothing.
        let twice = index(["Alder, birch!", "alder-ALDER cedar", "dogwood"]).scores("alder alder elm")
        #expect(abs(twice[0].score - 2 * scores[0].score) < 1e-15)
    }

    @Test("Scores are those that Python computes")
    func golden() throws {
        let golden = try DatasetGolden.load()
        let index = index(golden.documents)
        for (pair, expected) in zip(golden.pairs, golden.scores) {
            var found = [Double](repeating: 0, count: golden.documents.count)
            for (document, score) in index.scores(pair[0]) { found[document] = score }
            for (score, other) in zip(found, expected) { #expect(abs(score - other) <= 1e-12 * other, "\(pair[0])") }
        }
    }

    @Test("Negatives are those that Python finds")
    func goldenNegatives() throws {
        let golden = try DatasetGolden.load()
        let miner = try miner(golden.pairs.map { ($0[0], $0[1]) })
        for (pair, expected) in zip(golden.pairs, golden.negatives) {
            #expect(try miner.negative(query: pair[0], positive: pair[1])?.text == expected, "\(pair[0])")
        }
    }

    @Test("Neither the query's positives, nor what is nearly one of them, nor the query itself is a negative")
    func excluded() throws {
        let pairs = [
            ("which tree bears cones", "the larch bears cones"), ("which tree bears cones", "the pine bears cones too"),
            // Of 6 different words 4 are common with the first one's: 0.67.
            ("a larch", "the larch bears cones each autumn"),
            ("another", "which tree bears cones"), ("b", "which tree bears apples and pears"),
        ]
        let miner = try miner(pairs)
        #expect(
            try miner.negative(query: pairs[0].0, positive: pairs[0].1)?.text == "which tree bears apples and pears")
        #expect(try miner.negative(query: pairs[0].0, positive: pairs[0].1)?.tokenCount == 4)
        #expect(try miner.negative(query: "which", positive: "x")?.text == "which tree bears cones")
    }

    @Test("Of equals the first is taken")
    func ties() throws {
        let miner = try miner([("a", "red stone"), ("b", "blue stone"), ("c", "grey stone")])
        #expect(try miner.negative(query: "stone", positive: "x")?.text == "red stone")
        #expect(try miner.negative(query: "a stone", positive: "red stone")?.text == "blue stone")
    }

    @Test("Where no other positive shares a word there is no negative")
    func nothing() throws {
        let miner = try miner([("q", "red stone"), ("r", "…!?")])
        #expect(try miner.negative(query: "green leaf", positive: "x") == nil)
        #expect(try miner.negative(query: "…", positive: "x") == nil)
        #expect(try NegativeMiner(memoryLimit: 1).negative(query: "q", positive: "p") == nil)
    }

    @Test("A positive of several queries is one document")
    func shared() throws {
        let miner = try miner([("a", "red stone"), ("b", "red stone"), ("c", "blue stone")])
        #expect(miner.count == 2)
        #expect(try miner.negative(query: "b", positive: "red stone") == nil)
        #expect(try miner.negative(query: "a stone", positive: "grey rock")?.text == "red stone")
    }

    @Test("More memory than is allowed is an error that says so")
    func memory() throws {
        let error = #expect(throws: DatasetError.self) {
            try miner((0..<100).map { ("q\($0)", "a positive of some words, number \($0)") }, memoryLimit: 20_000)
        }
        guard case .miningTooLarge(let byteCount, limit: 20_000) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(byteCount > 20_000 && byteCount < 22_000)
    }
}
