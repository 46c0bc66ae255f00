import BulkEmbedding
import Confinement
import Datasets
import Engine
import Foundation
import Grace
import JSON
import SystemPackage
import TestSupport
import Testing

@Suite("Runs over lines")
struct LineRunTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func source(_ text: String, name: String = "texts.txt") throws -> Confined<TextSource> {
        Confined(try TextSource(TextSource.Plan(path: FilePath(try directory.write(text, to: name)))))
    }

    private func output() throws -> Confined<RowOutput> {
        let plan = RowOutput.Plan(path: FilePath("\(directory.path)/rows"), settings: RunSettings([:]))
        return Confined(try RowOutput(plan, start: InputPosition()))
    }

    private var rows: [String] {
        get throws {
            try String(contentsOfFile: "\(directory.path)/rows", encoding: .utf8).split(separator: "\n").map(
                String.init)
        }
    }

    private func flow(skips: Bool = false) -> LineFlow {
        LineFlow(limits: LineFlow.Limits(liveCount: 3), skipsRefused: skips, path: "texts.txt")
    }

    private static func row(_ line: TextLine) -> LineOutcome {
        .row(Row(bytes: Array("\(line.text)\n".utf8), tokenCount: line.text.utf8.count))
    }

    @Test("Every line has its row, in order, whatever order they are embedded in")
    func complete() async throws {
        let texts = (1...100).map { "text \($0)" }
        var states: [LineRun.State] = []
        let ending = await LineRun().run(
            flow(), from: try source(texts.joined(separator: "\n")), to: try output(),
            embed: { line in
                for _ in 0..<(line.number * 7 % 5) { await Task.yield() }
                return Self.row(line)
            }, skipped: { line, _ in Issue.record("line \(line)") }, progress: { states.append($0) })
        #expect(ending == .complete)
        #expect(try rows == texts)
        #expect(states.last?.rowCount == 100)
        #expect(states.last?.tokenCount == texts.reduce(0) { $0 + $1.utf8.count })
        #expect(states.last?.byteCount == texts.reduce(0) { $0 + $1.utf8.count + 1 })
    }

    @Test("A refused line ends it after the rows before, or is passed over and told", arguments: [true, false])
    func refused(skips: Bool) async throws {
        var skipped: [Int] = []
        let ending = await LineRun().run(
            flow(skips: skips), from: try source("a\nb\n\nc\n"), to: try output(),
            embed: { line in line.text == "b" ? .refused(.line(.prompt(.text, reason: "b"))) : Self.row(line) },
            skipped: { line, _ in skipped.append(line) }, progress: { _ in })
        if skips {
            #expect(ending == .complete)
            #expect(skipped == [2, 3])
            #expect(try rows == ["a", "c"])
        } else {
            #expect(ending == .failed(.refusedLine(path: "texts.txt", line: 2, .line(.prompt(.text, reason: "b")))))
            #expect(try rows == ["a"])
        }
    }

    @Test("A stop lets what is being embedded end, and gives up the rest")
    func stop() async throws {
        let run = LineRun()
        let isOpen = Confined(false)
        let begun = Confined(0)
        let ending = await run.run(
            flow(), from: try source((1...50).map { "\($0)" }.joined(separator: "\n")), to: try output(),
            embed: { line in
                // All that may be under way have begun: the first three are those that an engine would have.
                if begun.withState({
                    $0 += 1
                    return $0 == 12
                }) {
                    run.stop()
                    isOpen.withState { $0 = true }
                }
                while !isOpen.withState({ $0 }) { await Task.yield() }
                return Task.isCancelled ? .failed(.grace(.engine(.cancelled))) : Self.row(line)
            }, skipped: { _, _ in }, progress: { _ in })
        #expect(ending == .stopped)
        #expect(try rows == ["1", "2", "3"])
    }

    @Test("A model that fails ends it, after the rows before")
    func failure() async throws {
        let ending = await LineRun().run(
            flow(), from: try source("a\nb\nc\n"), to: try output(),
            embed: { $0.text == "b" ? .failed(.grace(.engine(.stopped))) : Self.row($0) }, skipped: { _, _ in },
            progress: { _ in })
        #expect(ending == .failed(.grace(.engine(.stopped))))
        #expect(try rows == ["a"])
    }

    @Test("An empty input is an empty output")
    func empty() async throws {
        let ending = await LineRun().run(
            flow(), from: try source(""), to: try output(), embed: { Self.row($0) }, skipped: { _, _ in },
            progress: { _ in })
        #expect(ending == .complete)
        #expect(try rows.isEmpty)
    }
}
