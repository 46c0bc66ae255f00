import Evaluation
import SystemPackage
import TestSupport
import Testing

@Suite("Task files")
struct TaskFileTests {
    @Test(
        "The kind is seen in the first line",
        arguments: [
            ([#"{"s1":"a","s2":"b","score":1.5}"#, #"{"s1":"a","s2":"c","score":2,"id":7}"#], TaskKind.similarity),
            ([#"{"s1":"a","s2":"b","label":1}"#, #"{"s1":"a","s2":"c","label":false}"#], .pairClassification),
            ([#"{"query":"a","positive":["b"],"negative":["c","d"]}"#], .reranking),
            (
                [
                    #"{"kind":"qrel","qid":"q","did":1,"rel":1}"#, #"{"kind":"doc","id":1,"text":"b"}"#,
                    #"{"kind":"doc","id":"2","text":"c"}"#, #"{"kind":"query","id":"q","text":"a"}"#,
                ], .retrieval
            ),
            (
                [
                    #"{"text":"a","label":"x","split":"train"}"#, #"{"text":"b","label":"y","split":"train"}"#,
                    #"{"text":"c","label":"z","split":"test"}"#,
                ], .classification
            ),
            ([#"{"text":"a","label":"x"}"#, #"{"text":"b","label":2}"#], .clustering),
            ([#"{"doc":"a","summary":"b"}"#, #"{"doc":"c","summary":"d"}"#], .summarisation),
            ([#"{"doc":"a","summary":"b","score":1}"#, #"{"doc":"a","summary":"d","score":2}"#], .summarisation),
            ([#"{"text":"a"}"#, "", "  \t\r", #"{"text":"b"}"# + "\r", ""], .faithfulness),
        ])
    func kinds(lines: [String], kind: TaskKind) throws {
        let found = try task(lines)
        #expect(found.kind == kind)
        #expect(found.name == "task")
        #expect(found.revision.count == 64)
        #expect(!found.texts.isEmpty)
    }

    @Test("A kind that is given goes before what is seen")
    func givenKind() throws {
        let lines = [#"{"text":"a","label":"x","split":"train"}"#, #"{"text":"b","label":"y","split":"test"}"#]
        #expect(try task(lines, kind: .faithfulness).data == .faithfulness(["a", "b"]))
        #expect(try task(lines, kind: .clustering).kind == .clustering)
    }

    @Test(
        "What is wrong is told with file and line",
        arguments: [
            ([], "task.jsonl has 0 rows, at least 1 are needed"),
            (["[1]"], "task.jsonl:1: `the line` must be an object, not an array of 1"),
            ([#"{"a":1,"b":"c"}"#], "task.jsonl:1: the keys a, b are those of no kind of task"),
            ([#"{"text":null}"#], "task.jsonl:1: the keys  are those of no kind of task"),
            (
                [#"{"s1":"a","s2":"b","score":1}"#, "", #"{"s1":"a","s2":"b""#],
                "task.jsonl:3: invalid JSON at byte 18: expected ',' or '}'"
            ),
            ([#"{"s1":"a","s2":"b","score":1}"#, #"{"s1":"a","score":1}"#], "task.jsonl:2: `s2` is missing"),
            (
                [#"{"s1":"a","s2":"b","score":"high"}"#],
                #"task.jsonl:1: `score` must be a number, not the string "high""#
            ),
            (
                [#"{"s1":" \n","s2":"b","score":1}"#],
                #"task.jsonl:1: `s1` must be a text that is not blank, not the string " \n""#
            ),
            ([#"{"s1":5,"s2":"b","score":1}"#], "task.jsonl:1: `s1` must be a text, not 5"),
            (
                [#"{"s1":"a","s2":"b","score":1}"#, #"{"s1":"a","s2":"c","score":1}"#],
                "task.jsonl has 1 different scores, at least 2 are needed"
            ),
            ([#"{"s1":"a","s2":"b","label":2}"#], "task.jsonl:1: `label` must be 0 or 1, not 2"),
            ([#"{"s1":"a","s2":"b","label":1}"#], "task.jsonl has 1 different labels, at least 2 are needed"),
            (
                [#"{"query":"a","positive":[],"negative":["b"]}"#],
                "task.jsonl:1: `positive` must be a list of at least one text, not an array of 0"
            ),
            (
                [#"{"query":"a","positive":["b"],"negative":["c",7]}"#],
                "task.jsonl:1: `negative[1]` must be a text, not 7"
            ),
            (
                [#"{"kind":"dok","id":"1","text":"b"}"#],
                #"task.jsonl:1: `kind` must be "doc" or "query" or "qrel", not the string "dok""#
            ),
            (
                [#"{"kind":"doc","id":"1","text":"b"}"#, #"{"kind":"doc","id":"1","text":"c"}"#],
                #"task.jsonl:2: the id "1" occurs twice"#
            ),
            (
                [#"{"kind":"doc","id":"1","text":"b"}"#, #"{"kind":"qrel","qid":"q","did":"1","rel":1}"#],
                #"task.jsonl:2: `qid` is "q", which no row has as its `id`"#
            ),
            (
                [#"{"kind":"query","id":"q","text":"b"}"#, #"{"kind":"qrel","qid":"q","did":"1","rel":1}"#],
                #"task.jsonl:2: `did` is "1", which no row has as its `id`"#
            ),
            (
                [#"{"kind":"qrel","qid":"q","did":"1","rel":-1}"#],
                "task.jsonl:1: `rel` must be a number of at least 0, not -1"
            ),
            (
                [
                    #"{"kind":"query","id":"q","text":"b"}"#, #"{"kind":"doc","id":"1","text":"b"}"#,
                    #"{"kind":"qrel","qid":"q","did":"1","rel":1}"#, #"{"kind":"qrel","qid":"q","did":"1","rel":0}"#,
                ], #"task.jsonl:4: the judgement "q, 1" occurs twice"#
            ),
            (
                [
                    #"{"kind":"query","id":"q","text":"b"}"#, #"{"kind":"doc","id":"1","text":"b"}"#,
                    #"{"kind":"doc","id":"2","text":"b"}"#, #"{"kind":"qrel","qid":"q","did":"1","rel":0}"#,
                ], "task.jsonl has 0 queries with a relevant document, at least 1 are needed"
            ),
            (
                [#"{"text":"a","label":"x","split":"dev"}"#],
                #"task.jsonl:1: `split` must be "train" or "test", not the string "dev""#
            ),
            (
                [#"{"text":"a","label":"x","split":"train"}"#, #"{"text":"b","label":"y","split":"test"}"#],
                "task.jsonl has 1 different labels to train on, at least 2 are needed"
            ),
            (
                [#"{"text":"a","label":"x","split":"train"}"#, #"{"text":"b","label":"y","split":"train"}"#],
                "task.jsonl has 0 rows of the test split, at least 1 are needed"
            ),
            ([#"{"text":"a","label":1.5}"#], "task.jsonl:1: `label` must be a string or an integer, not 1.5"),
            ([#"{"text":"a","label":"x"}"#], "task.jsonl has 1 different labels, at least 2 are needed"),
            ([#"{"text":"a"}"#, #"{"text":"a"}"#], "task.jsonl has 1 different texts, at least 2 are needed"),
            ([#"{"doc":"a","summary":"b"}"#], "task.jsonl has 1 different documents, at least 2 are needed"),
            (
                [#"{"doc":"a","summary":"b","score":1}"#, #"{"doc":"c","summary":"d"}"#],
                "task.jsonl:2: `score` is missing"
            ),
            (
                [#"{"doc":"a","summary":"b"}"#, #"{"doc":"c","summary":"d","score":2}"#],
                "task.jsonl:2: `score` must be none, as in the first line, not 2.0"
            ),
        ])
    func refused(lines: [String], message: String) {
        let error = #expect(throws: EvaluationError.self) { try task(lines) }
        #expect(error?.description == message)
    }

    @Test("A query that nothing is relevant to is left out")
    func unjudged() throws {
        let found = try task([
            #"{"kind":"query","id":"q","text":"a"}"#, #"{"kind":"query","id":"r","text":"b"}"#,
            #"{"kind":"doc","id":"1","text":"c"}"#, #"{"kind":"doc","id":"2","text":"d"}"#,
            #"{"kind":"qrel","qid":"q","did":"1","rel":1}"#, #"{"kind":"qrel","qid":"r","did":"1","rel":0}"#,
        ])
        #expect(found.texts == ["c", "d", "a"])
    }

    @Test("A directory's tasks are its JSON Lines, by name; names and kinds of arguments may be left out")
    func directories() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: EvaluationError.tooFew(file: directory.path, what: "*.jsonl files", found: 0, needed: 1)) {
            try TaskFile.paths(inDirectory: FilePath(directory.path))
        }
        let rows = #"{"text":"a","label":"x"}"# + "\n" + #"{"text":"b","label":"y"}"#
        for name in ["b.jsonl", "a.jsonl", "README.md"] { try directory.write(rows, to: name) }
        let paths = try TaskFile.paths(inDirectory: FilePath(directory.path))
        #expect(paths.map { $0.lastComponent?.string } == ["a.jsonl", "b.jsonl"])
        let read = try TaskFile.read(paths[0])
        #expect(read.name == "a")
        let argument = try #require(TaskArgument("mine=faithfulness:\(directory.path)/a.jsonl"))
        #expect(try argument.read().name == "mine")
        #expect(try argument.read().kind == .faithfulness)
        #expect(try argument.read().revision == read.revision)
        #expect(throws: EvaluationError.self) { try TaskFile.paths(inDirectory: FilePath("\(directory.path)/none")) }
        #expect(throws: EvaluationError.self) { try TaskFile.read(FilePath("\(directory.path)/none.jsonl")) }
        #expect(throws: EvaluationError.self) { try TaskFile.read(FilePath(directory.path)) }
    }

    @Test(
        "Arguments of tasks",
        arguments: [
            ("a.jsonl", nil, nil, "a.jsonl"), ("n=a.jsonl", "n", nil, "a.jsonl"),
            ("sts:a.jsonl", nil, TaskKind.similarity, "a.jsonl"), ("n=pairs:/b/a", "n", .pairClassification, "/b/a"),
            ("n=other:a", "n", nil, "other:a"), ("/b=c/a", nil, nil, "/b=c/a"), ("=a", nil, nil, "=a"),
        ] as [(String, String?, TaskKind?, String)])
    func arguments(text: String, name: String?, kind: TaskKind?, file: String) throws {
        let found = try #require(TaskArgument(text))
        #expect(found.name == name)
        #expect(found.kind == kind)
        #expect(found.file == FilePath(file))
    }

    @Test("An argument without a file is none", arguments: ["", "n=", "sts:", "n=sts:"])
    func noArgument(text: String) {
        #expect(TaskArgument(text) == nil)
    }

    @Test(
        "Texts are cut behind a word",
        arguments: [
            (0, "a b  c", "a b  c"), (2, "a b  c", "a b"), (3, "a b  c", "a b  c"), (1, " \n a\tb", " \n a"),
            (2, "naïve 東京\u{3000}x", "naïve 東京"), (2, "a b  ", "a b  "), (1, "", ""),
        ])
    func cut(words: Int, text: String, expected: String) {
        #expect(WordLimit(words: words).cut(text) == expected)
    }

    @Test("Cutting a task cuts all its texts and nothing else")
    func cutTasks() throws {
        for lines in [
            [#"{"s1":"a b c","s2":"b c d","score":1}"#, #"{"s1":"a b c","s2":"c d e","score":2}"#],
            [#"{"s1":"a b c","s2":"b c d","label":1}"#, #"{"s1":"a b c","s2":"c d e","label":0}"#],
            [#"{"query":"a b c","positive":["b c d"],"negative":["c d e"]}"#],
            [
                #"{"kind":"qrel","qid":"q","did":1,"rel":1}"#, #"{"kind":"doc","id":1,"text":"b c d"}"#,
                #"{"kind":"doc","id":"2","text":"c d e"}"#, #"{"kind":"query","id":"q","text":"a b c"}"#,
            ],
            [
                #"{"text":"a b c","label":"x","split":"train"}"#, #"{"text":"b c d","label":"y","split":"train"}"#,
                #"{"text":"c d e","label":"z","split":"test"}"#,
            ],
            [#"{"text":"a b c","label":"x"}"#, #"{"text":"b c d","label":2}"#],
            [#"{"doc":"a b c","summary":"b c d"}"#, #"{"doc":"c d e","summary":"d e f"}"#],
            [#"{"text":"a b c"}"#, #"{"text":"b c d"}"#],
        ] {
            let whole = try task(lines)
            let cut = whole.cut(to: WordLimit(words: 2))
            #expect(whole.cut(to: WordLimit(words: 0)) == whole)
            #expect(whole.cut(to: WordLimit(words: 3)) == whole)
            #expect(cut.texts == whole.texts.map { String($0.dropLast(2)) })
            #expect(cut.revision == whole.revision && cut.kind == whole.kind && cut.name == whole.name)
        }
    }
}
