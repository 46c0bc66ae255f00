import Foundation
import Logs
import Testing

@Suite("Log writer")
struct LogWriterTests {
    private func writer(_ descriptor: Int32, capacity: Int = LogWriter.defaultCapacity) -> LogWriter {
        LogWriter(descriptor: descriptor, capacity: capacity) { Array("dropped \($0)\n".utf8) }
    }

    @Test("Lines of many threads arrive whole, each once")
    func manyThreads() async throws {
        let pipe = Pipe()
        let writer = writer(pipe.fileHandleForWriting.fileDescriptor)
        let reader = Task.detached { try pipe.fileHandleForReading.readToEnd() ?? Data() }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for line in 0..<500 {
                        writer.write(Array("\(task) \(line) \(String(repeating: "x", count: 100))\n".utf8))
                    }
                }
            }
        }
        writer.flush(within: .seconds(60))
        try pipe.fileHandleForWriting.close()
        let lines = String(decoding: try await reader.value, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 4000)
        #expect(Set(lines).count == 4000)
        #expect(lines.allSatisfy { $0.hasSuffix(String(repeating: "x", count: 100)) })
        #expect(writer.droppedCount == 0)
    }

    @Test("A reader that is stuck stops nobody: what is over the buffer is dropped, counted, and told of later")
    func slowReader() throws {
        let pipe = Pipe()
        let writer = writer(pipe.fileHandleForWriting.fileDescriptor, capacity: 1000)
        let line = Array("\(String(repeating: "x", count: 99))\n".utf8)
        // More than a pipe and the buffer hold: all of it would wait for a reader that does not read yet.
        for _ in 0..<20_000 { writer.write(line) }
        let dropped = writer.droppedCount
        #expect(dropped > 0)
        // Not done: the pipe is full.
        writer.flush(within: .milliseconds(1))
        var text = ""
        while !text.contains("dropped") {
            text += String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        }
        writer.flush(within: .seconds(60))
        try pipe.fileHandleForWriting.close()
        text += String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let lines = text.split(separator: "\n")
        let written = lines.count { $0.hasPrefix("x") }
        let told = lines.filter { $0.hasPrefix("dropped ") }.compactMap { Int($0.dropFirst(8)) }.reduce(0, +)
        #expect(told == dropped)
        #expect(written + dropped == 20_000)
    }

    @Test("A reader that has gone, or a closed descriptor, costs the lines alone")
    func closed() throws {
        signal(SIGPIPE, SIG_IGN)
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let writer = writer(pipe.fileHandleForWriting.fileDescriptor)
        writer.write(Array("a\n".utf8))
        writer.flush(within: .seconds(60))
        #expect(writer.droppedCount == 1)
        let none = self.writer(-1)
        none.write(Array("a\n".utf8))
        none.flush(within: .seconds(60))
        #expect(none.droppedCount == 1)
    }

    @Test("Nothing to write is flushed at once")
    func idle() {
        writer(-1).flush(within: .seconds(60))
    }
}
