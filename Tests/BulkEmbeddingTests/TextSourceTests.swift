import BulkEmbedding
import Datasets
import SystemPackage
import TestSupport
import Testing

@Suite("Lines of an input")
struct TextSourceTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func source(_ text: String, name: String = "texts.jsonl", format: TextFormat? = nil) throws -> TextSource {
        var plan = TextSource.Plan(path: FilePath(try directory.write(text, to: name)))
        plan.format = format
        return try TextSource(plan)
    }

    private func all(_ source: TextSource, count: Int = 100) throws -> [InputItem] {
        var items: [InputItem] = []
        while let next = try source.next(count, byteLimit: 1 << 20) { items += next }
        return items
    }

    private func texts(_ items: [InputItem]) throws -> [String] {
        try items.map { try $0.content.get().text }
    }

    @Test(
        "The name or the first line says whether lines are JSON",
        arguments: [
            ("a.txt", #"{"text": "b"}"#, nil, #"{"text": "b"}"#), ("a", #"{"text": "b"}"#, nil, "b"),
            ("a", "b", nil, "b"), ("a.jsonl", "\n{\"text\": \"b\"}", nil, "b"),
            ("a.txt", #"{"text": "b"}"#, .jsonl, "b"), ("a.jsonl", #"{"text": "b"}"#, .lines, #"{"text": "b"}"#),
        ] as [(String, String, TextFormat?, String)])
    func format(name: String, contents: String, format: TextFormat?, expected: String) throws {
        #expect(try texts(all(source(contents, name: name, format: format))) == [expected])
    }

    @Test("Items keep the numbers of their lines and end where these end", arguments: [1, 2, 100])
    func numbers(count: Int) throws {
        let source = try source("{\"text\": \"a\"}\n\n{\"text\": 1}\r\n{\"text\": \"é\"}")
        #expect(source.totalByteCount == 42)
        let items = try all(source, count: count)
        #expect(items.map(\.end.lineCount) == [1, 3, 4])
        #expect(try items[0].content.get().text == "a")
        #expect(items[1].content == .failure(.line(.wrongType(key: "text", found: "1"))))
        #expect(try items[2].content.get().text == "é")
    }

    @Test("No more is handed out than was asked for, in lines and in bytes")
    func bounds() throws {
        let source = try source("aaaa\nbbbb\ncccc\ndddd\n", name: "a.txt")
        #expect(try source.next(3, byteLimit: 5).map(texts) == ["aaaa", "bbbb"])
        #expect(try source.next(1, byteLimit: 100).map(texts) == ["cccc"])
        #expect(try source.next(5, byteLimit: 1).map(texts) == ["dddd"])
        #expect(try source.next(5, byteLimit: 1) == nil)
    }

    @Test("What is done is passed over, if it is what it was")
    func skip() throws {
        let text = "one\ntwo\nthree\n"
        let before = try all(source(text, name: "a.txt"))
        for done in before {
            let again = try source(text, name: "a.txt")
            try again.skip(done.end.lineCount, mark: done.end.mark)
            #expect(again.byteCount == done.end.byteCount)
            #expect(try all(again) == Array(before.dropFirst(done.end.lineCount)))
        }
        let mark = before[1].end.mark
        for other in ["one\ntow\nthree\n", "one\n", "two\none\n", "one\n\ntwo\n", "onetwo\nthree\n", ""] {
            let source = try source(other, name: "a.txt")
            let name = "\(directory.path)/a.txt"
            #expect(throws: BulkError.otherInput(path: name, line: 2)) { try source.skip(2, mark: mark) }
        }
        let longer = try source(text + "four\n", name: "a.txt")
        try longer.skip(3, mark: before[2].end.mark)
        #expect(try texts(all(longer)) == ["four"])
    }

    @Test("A line that is too long has a number and no bytes")
    func tooLong() throws {
        var plan = TextSource.Plan(path: FilePath(try directory.write("ab\nabcdef\nabc\n", to: "a.txt")))
        plan.maxLineBytes = 3
        let items = try all(TextSource(plan))
        #expect(items.map(\.end.lineCount) == [1, 2, 3])
        #expect(items[1].content == .failure(.line(.tooLong(limit: 3))))
        #expect(items[2].end.byteCount == 8)
    }

    @Test("A file that is not there is named")
    func missing() {
        let path = FilePath("\(directory.path)/none.txt")
        #expect(throws: BulkError.file(.io(path: path.string, operation: "open", errno: 2))) {
            try TextSource(TextSource.Plan(path: path))
        }
    }
}
