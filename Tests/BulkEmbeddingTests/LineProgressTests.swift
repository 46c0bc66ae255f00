import BulkEmbedding
import Testing

@Suite("How far a run is, in a line")
struct LineProgressTests {
    private func state(rows: Int, skipped: Int = 0, tokens: Int = 0, bytes: Int = 0) -> LineRun.State {
        var state = LineRun.State()
        (state.rowCount, state.skippedCount, state.tokenCount, state.byteCount) = (rows, skipped, tokens, bytes)
        return state
    }

    @Test("Share, counts, rates and time left")
    func line() {
        let progress = LineProgress(
            state(rows: 30, skipped: 2, tokens: 2400, bytes: 300), startByteCount: 0, totalByteCount: 1200,
            time: .seconds(20))
        #expect(
            progress.text(withBar: true)
                == "[#####...............] 25 %, 30 texts, 2 lines skipped, 1.5 texts/s, 120 tokens/s, 0:01:00 left")
        #expect(progress.text(withBar: false).hasPrefix("25 %, 30 texts"))
        #expect(progress.summary == "30 texts, 2 lines skipped in 0:00:20: 1.5 texts/s, 120 tokens/s")
    }

    @Test("What was done before counts as done, and not as fast")
    func resumed() {
        let progress = LineProgress(
            state(rows: 10, bytes: 600), startByteCount: 500, totalByteCount: 1000, time: .seconds(10))
        #expect(progress.share == 0.6)
        #expect(progress.secondsLeft == 40)
    }

    @Test("Of an input without a size neither share nor end is foretold, nor of nothing")
    func unknown() {
        let progress = LineProgress(
            state(rows: 3, bytes: 30), startByteCount: 0, totalByteCount: nil, time: .seconds(2))
        #expect(progress.text(withBar: true) == "3 texts, 1.5 texts/s, 0 tokens/s")
        let nothing = LineProgress(state(rows: 0), startByteCount: 0, totalByteCount: 0, time: .zero)
        #expect(nothing.text(withBar: true) == "0 texts, 0.0 texts/s, 0 tokens/s")
        #expect(nothing.secondsLeft == nil)
    }
}
