import BulkEmbedding
import Datasets
import Engine
import Grace
import TestSupport
import Testing

@Suite("The way of lines through the model")
struct LineFlowTests {
    private static let refusal = TextRefusal.line(.emptyText(.text))

    private func flow(live: Int = 2, bytes: Int = 1000, skips: Bool = false) -> LineFlow {
        LineFlow(limits: LineFlow.Limits(liveCount: live, byteCount: bytes), skipsRefused: skips, path: "texts")
    }

    private func item(_ number: Int, size: Int = 1, refused: Bool = false) throws -> InputItem {
        var end = try InputPosition()
        for _ in 0..<number { try end.pass([]) }
        let line = TextLine(number: number, text: String(repeating: "x", count: size))
        return InputItem(
            content: refused ? .failure(Self.refusal) : .success(line), byteCount: size, end: end)
    }

    private func items(_ numbers: ClosedRange<Int>) throws -> [InputItem] { try numbers.map { try item($0) } }

    private func row(_ number: Int) -> LineOutcome { .row(Row(bytes: [UInt8(number)], tokenCount: number)) }

    @Test("Rows are written in the order of the lines, whichever is embedded first")
    func order() throws {
        var flow = flow()
        #expect(flow.next().reading == LineFlow.Reading(lineCount: 8, byteCount: 1000))
        flow.take(try items(1...3))
        #expect(flow.next().begun.map(\.line.number) == [1, 2, 3])
        flow.end(2, row(3))
        flow.end(1, row(2))
        #expect(flow.next().finished.isEmpty)
        flow.end(0, row(1))
        #expect(flow.next().finished.map(\.line) == [1, 2, 3])
        #expect(!flow.isDone)
        flow.endInput()
        #expect(flow.isDone && flow.failure == nil)
    }

    @Test("No more lines are asked for than there is room for, nor while others are being read")
    func room() throws {
        var flow = flow(live: 1, bytes: 10)
        #expect(flow.next().reading?.lineCount == 4)
        #expect(flow.next().reading == nil)
        flow.take([try item(1, size: 6)])
        #expect(flow.next().reading == LineFlow.Reading(lineCount: 3, byteCount: 4))
        flow.take([try item(2, size: 50)])
        #expect(flow.next().reading == nil)
        flow.end(1, row(2))
        #expect(flow.next().reading == nil)
        flow.end(0, row(1))
        #expect(flow.next().reading == LineFlow.Reading(lineCount: 4, byteCount: 10))
    }

    @Test("A refused line ends all, after the rows before it and without those behind it")
    func strict() throws {
        var flow = flow()
        _ = flow.next()
        flow.take([try item(1), try item(2, refused: true), try item(3)])
        #expect(flow.next().begun.map(\.ticket) == [0, 2])
        flow.end(2, row(3))
        #expect(flow.next() == LineFlow.Step())
        flow.end(0, row(1))
        let step = flow.next()
        #expect(step.finished.map(\.line) == [1])
        #expect(step.givenUp.isEmpty)
        #expect(flow.failure == .refusedLine(path: "texts", line: 2, Self.refusal))
        #expect(flow.isDone)
    }

    @Test("Where refused lines are passed over, each is told in its place")
    func skipping() throws {
        var flow = flow(skips: true)
        _ = flow.next()
        flow.take([try item(1, refused: true), try item(2), try item(3)])
        #expect(flow.next().finished.map(\.content) == [.failure(Self.refusal)])
        flow.end(1, .refused(.line(.prompt(.text, reason: "too long"))))
        flow.end(2, row(3))
        #expect(flow.next().finished.map(\.line) == [2, 3])
        flow.endInput()
        #expect(flow.isDone && flow.failure == nil)
    }

    @Test("A failure of the model ends all, and what is under way is given up")
    func failure() throws {
        var flow = flow(skips: true)
        _ = flow.next()
        flow.take(try items(1...3))
        _ = flow.next()
        flow.end(0, .failed(.grace(.engine(.stopped))))
        #expect(flow.next().givenUp.sorted() == [1, 2])
        #expect(flow.failure == .grace(.engine(.stopped)))
        flow.end(1, row(2))
        #expect(flow.next().finished.isEmpty && flow.isDone)
    }

    @Test("A stop waits for the oldest lines that can be live, and gives up the rest")
    func stop() throws {
        var flow = flow(live: 2)
        _ = flow.next()
        flow.take(try items(1...6))
        _ = flow.next()
        flow.end(1, row(2))
        flow.stop()
        let step = flow.next()
        #expect(step.givenUp.sorted() == [3, 4, 5])
        #expect(step.reading == nil)
        #expect(!flow.isDone)
        flow.end(2, row(3))
        flow.end(0, row(1))
        flow.end(4, row(5))
        #expect(flow.next().finished.map(\.line) == [1, 2, 3])
        #expect(flow.isDone && flow.isStopping && flow.failure == nil)
    }

    @Test("Lines that come after a stop are not begun, and reading need not end")
    func stopWhileReading() throws {
        var flow = flow()
        #expect(flow.next().reading != nil)
        flow.stop()
        #expect(flow.isDone)
        flow.take(try items(1...2))
        #expect(flow.next() == LineFlow.Step())
    }

    @Test("An input that cannot be read to its end fails after the rows before")
    func inputError() throws {
        var flow = flow()
        let error = BulkError.file(.io(path: "texts", operation: "read", errno: 5))
        _ = flow.next()
        flow.take(try items(1...1))
        _ = flow.next()
        flow.endInput(error)
        #expect(flow.next() == LineFlow.Step())
        flow.end(0, row(1))
        #expect(flow.next().finished.map(\.line) == [1])
        #expect(flow.failure == error && flow.isDone)
    }

    @Test(
        "Whatever ends first, every line is over once, in order, and the bounds hold",
        arguments: 0..<40 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let live = Int.random(in: 1...5, using: &generator)
        var flow = flow(live: live, bytes: 40, skips: true)
        let lines = try (1...60).map {
            try item($0, size: Int.random(in: 1...20, using: &generator), refused: $0 % 7 == 0)
        }
        var unread = lines[...]
        var underWay: [LineFlow.Begun] = []
        var over: [Int] = []
        var reading: LineFlow.Reading?
        while !flow.isDone {
            let step = flow.next()
            underWay += step.begun
            over += step.finished.map(\.line)
            reading = step.reading ?? reading
            #expect(underWay.count <= 4 * live)
            if let asked = reading, underWay.isEmpty || Bool.random(using: &generator) {
                reading = nil
                let count = min(unread.count, Int.random(in: 1...asked.lineCount, using: &generator))
                if count == 0 { flow.endInput() } else { flow.take(Array(unread.prefix(count))) }
                unread = unread.dropFirst(count)
            } else if let index = underWay.indices.randomElement(using: &generator) {
                let begun = underWay.remove(at: index)
                flow.end(begun.ticket, row(begun.line.number))
            }
        }
        #expect(over == Array(1...60))
    }
}
