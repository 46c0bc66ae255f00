import Datasets
import TestSupport
import Testing

@Suite("Lines of a stream")
struct LineSplitterTests {
    private func lines(of bytes: [UInt8], slice: Int, limit: Int = 100) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: limit)
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: bytes.count, by: slice) {
            lines += splitter.split(Array(bytes[start..<min(bytes.count, start + slice)]))
        }
        return lines + (splitter.finish().map { [$0] } ?? [])
    }

    @Test(
        "Bytes are cut at line feeds, however they come",
        arguments: [
            ("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]),
            ("\n\na\n\n", ["", "", "a", ""]),
            ("a\r\nb\r", ["a\r", "b\r"]), ("é\n川", ["é", "川"]),
        ] as [(String, [String])], [1, 2, 3, 100])
    func cut(example: (text: String, lines: [String]), slice: Int) {
        let found = lines(of: Array(example.text.utf8), slice: slice)
        #expect(found.map(\.bytes) == example.lines.map { Array($0.utf8) })
        #expect(found.map(\.number) == Array(1..<(example.lines.count + 1)))
    }

    @Test(
        "A line over the limit keeps its number and nothing else, and the next one is whole", arguments: [1, 7, 1000])
    func tooLong(slice: Int) {
        let bytes = Array(
            "short\n\(String(repeating: "x", count: 101))\n\(String(repeating: "y", count: 100))\nend".utf8)
        let found = lines(of: bytes, slice: slice)
        #expect(found.map(\.number) == [1, 2, 3, 4])
        #expect(found.map { $0.bytes?.count } == [5, nil, 100, 3])
        #expect(lines(of: Array(repeating: 0x78, count: 1000), slice: slice).map(\.bytes) == [nil])
    }

    @Test("The lines of random bytes are those that splitting all of them gives")
    func random() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
                UInt8.random(in: 0x09...0x0D, using: &generator)
            }
            var expected = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
            if expected.last == [] { expected.removeLast() }
            let found = lines(of: bytes, slice: Int.random(in: 1...9, using: &generator))
            #expect(found.map(\.bytes) == expected)
        }
    }
}
