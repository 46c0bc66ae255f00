import EmbeddingServer
import Metrics
import Testing

@Suite("SharedScrapes")
struct SharedScrapesTests {
    @Test("However many ask at once, each sees all that was counted before it asked")
    func freshness() async throws {
        let registry = Registry()
        let counter = registry.counter("counted_total", "What callers have counted.")
        let scrapes = SharedScrapes(registry)
        let callers = 500
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<callers {
                group.addTask {
                    counter.add()
                    let least = counter.value
                    let text = String(decoding: await scrapes.exposition(), as: UTF8.self)
                    let match = try #require(text.firstMatch(of: #/\ncounted_total (\d+)\n/#))
                    #expect(try #require(Int(match.1)) >= least)
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.value == callers)
    }
}
