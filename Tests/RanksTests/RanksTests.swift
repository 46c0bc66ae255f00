import Ranks
import Testing

@Suite("What ranks tell each other")
struct RanksTests {
    @Test(
        "Parts follow each other, hold everything, and cost about the same",
        arguments: [
            ([], 3, [0..<0, 0..<0, 0..<0]), ([5, 5, 5, 5], 2, [0..<2, 2..<4]), ([1, 1, 1], 2, [0..<1, 1..<3]),
            ([9, 1, 1, 1], 2, [0..<1, 1..<4]), ([1], 2, [0..<0, 0..<1]), ([0, 0], 2, [0..<0, 0..<2]),
            ([3, 1, 4, 1, 5, 9, 2, 6], 3, [0..<4, 4..<6, 6..<8]), ([7], 1, [0..<1]),
        ] as [([Int], Int, [Range<Int>])])
    func shares(costs: [Int], count: Int, expected: [Range<Int>]) {
        #expect(Shares.ranges(of: costs, among: count) == expected)
    }

    @Test("Numbers are read as they were written, and words that were cut off are an error")
    func words() throws {
        var writer = WordWriter()
        writer.append(-3)
        writer.append(1 << 40)
        writer.append([7, -8] as [Int32])
        writer.append([0.5, -.infinity] as [Float])
        var reader = WordReader(writer.words)
        #expect(try reader.integer() == -3 && reader.integer() == 1 << 40)
        #expect(try reader.integers() == [7, -8] && reader.floats() == [0.5, -.infinity])
        #expect(reader.isAtEnd)
        for length in 0..<4 {
            var short = WordReader(Array(writer.words.prefix(4 + length)))
            _ = try (short.integer(), short.integer())
            #expect(throws: WordReader.Unreadable.self) { try short.integers() }
        }
        for count in [-1, 3, .max, .min] {
            var writer = WordWriter()
            writer.append(count)
            var reader = WordReader(writer.words)
            #expect(throws: WordReader.Unreadable.self) { try reader.floats() }
        }
    }

    @Test("A build without MPI refuses to be one of several, and runs by itself")
    func launched() throws {
        #expect(try LaunchedRanks.join(environment: [:]).count == 1)
        #expect(try LaunchedRanks.join(environment: ["OMPI_COMM_WORLD_SIZE": "1"]).count == 1)
        #expect(throws: RanksError.builtWithoutMPI(count: 2)) {
            try LaunchedRanks.join(environment: ["OMPI_COMM_WORLD_SIZE": "2"])
        }
    }
}
