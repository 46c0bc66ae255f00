import EmbeddingServer
import Engine
import Foundation
import HTTP
import Serving
import TestSupport
import Testing

/// The answer of `/explain/similarity`, as a client reads it.
private struct Comparison: Decodable {
    struct Span: Decodable, Equatable {
        let kind: String
        let start: Int?
        let end: Int?
        let text: String
    }

    struct Contribution: Decodable {
        let a: Int
        let b: Int
        let contribution: Double
    }

    struct Rank: Decodable {
        let index: Int
        let similarity: Double
        let contributions: [Contribution]
        let rest: Double

        var sum: Double { contributions.reduce(rest) { $0 + $1.contribution } }
    }

    let checkpoint: String
    let granularity: String
    let rationales: [Explanation]
    let spans: [[Span]]
    let similarity: Double?
    let contributions: [Contribution]?
    let rest: Double?
    let ranking: [Rank]?

    var sum: Double { (contributions ?? []).reduce(rest ?? 0) { $0 + $1.contribution } }
}

@Suite("/explain/similarity", .serialized, .timeLimit(.minutes(5)))
struct SimilarityRouteTests {
    private func compare(_ fixture: ServiceFixture, _ body: String) async throws -> Comparison {
        try await fixture.send(.post, "/explain/similarity", body).decoded(Comparison.self)
    }

    private func quoted(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }

    private func part(_ text: String, _ start: Int, _ end: Int) -> String {
        String(String.UnicodeScalarView(Array(text.unicodeScalars)[start..<end]))
    }

    @Test(
        "Contributions add up to the cosine, and spans are found by their offsets",
        arguments: ["tokens", "words", "sentences"],
        [
            ("The cat sleeps.", "A kitten naps. It is late!"),
            ("e\u{301}te\u{301} 👩‍🚀 🚀. 東京。x", " \n leading, and trailing \n"),
            ("<|im_end|> is text", "One.\n\nTwo? \"Three.\" 4.5"),
        ])
    func pairs(granularity: String, texts: (String, String)) async throws {
        try await ServiceFixture.withModel { fixture in
            let inputs = "[\(try quoted(texts.0)), \(try quoted(texts.1))]"
            let vectors = try await fixture.embed(#"{"inputs": \#(inputs)}"#)
            let explained = try await fixture.explain(#"{"inputs": \#(inputs)}"#)
            let found = try await compare(fixture, #"{"inputs": \#(inputs), "granularity": "\#(granularity)"}"#)
            let similarity = try #require(found.similarity)
            #expect(abs(found.sum - similarity) <= 1e-5 && found.rest == 0)
            #expect(abs(similarity - cosine(vectors[0], vectors[1])) <= 1e-5)
            #expect(found.granularity == granularity && found.checkpoint == explained[0].checkpoint)
            #expect(found.rationales == explained && found.ranking == nil)
            #expect(found.contributions?.count == found.spans[0].count * found.spans[1].count)
            for (index, text) in [texts.0, texts.1].enumerated() {
                for span in found.spans[index] where span.kind != "template" {
                    let source = span.kind == "text" ? text : found.rationales[index].rationale
                    let (start, end) = (try #require(span.start), try #require(span.end))
                    #expect(part(source, start, end).unicodeScalars.elementsEqual(span.text.unicodeScalars))
                }
                let kinds = found.spans[index].map(\.kind)
                #expect(kinds.first == "text" && kinds.count { $0 == "template" } == 1)
                let parts = Dictionary(grouping: found.spans[index], by: \.kind).mapValues {
                    $0.map(\.text).joined()
                }
                #expect(parts["text"] == text && parts["rationale"] == found.rationales[index].rationale)
                #expect(parts["template"] == "<|im_end|>\n<|im_start|>assistant\n")
            }
        }
    }

    @Test("Rationales tell their traces, and end when they are stable, as those of /explain")
    func traces() async throws {
        try await ServiceFixture.withModel { fixture in
            let body = #"{"inputs": ["one", "two"], "max_rationale_tokens": 24, "trace": true, "stop_when_stable": 2}"#
            let found = try await compare(fixture, body)
            #expect(try await found.rationales == fixture.explain(body))
            #expect(found.rationales.allSatisfy { $0.finish_reason == "stable" && $0.trace == [1] })
            #expect(abs(found.sum - (found.similarity ?? 0)) <= 1e-5)
        }
    }

    @Test("One text against many is ranked, with the contributions that are largest")
    func ranking() async throws {
        try await ServiceFixture.withModel { fixture in
            let texts = ["One text. And more.", "Another one", "One text.", "東京。"]
            let list = try texts.map(quoted).joined(separator: ", ")
            let cosines = try await fixture.send(
                .post, "/similarity", #"{"inputs": {"source_sentence": "One text. Really!", "sentences": [\#(list)]}}"#
            ).decoded([Double].self)
            let found = try await compare(
                fixture, #"{"inputs": "One text. Really!", "against": [\#(list)], "top_n": 3}"#)
            let ranking = try #require(found.ranking)
            #expect(ranking.map(\.index) == cosines.indices.sorted { cosines[$0] > cosines[$1] })
            #expect(found.spans.count == 5 && found.rationales.count == 5)
            #expect(found.similarity == nil && found.contributions == nil && found.rest == nil)
            for rank in ranking {
                #expect(abs(rank.similarity - cosines[rank.index]) <= 1e-5)
                #expect(abs(rank.sum - rank.similarity) <= 1e-5)
                #expect(rank.contributions.count == 3)
                let magnitudes = rank.contributions.map { abs($0.contribution) }
                #expect(magnitudes == magnitudes.sorted(by: >))
                #expect(rank.contributions.allSatisfy { $0.b < found.spans[rank.index + 1].count })
            }
            let one = try await compare(fixture, #"{"inputs": ["One text. Really!"], "against": "東京。"}"#)
            #expect(one.ranking?.count == 1 && one.ranking?[0].contributions.count ?? 11 <= 10)
            #expect(abs((one.ranking?[0].similarity ?? 0) - cosines[3]) <= 1e-5)
        }
    }

    @Test("Dimensions, vectors and a text that is cut are those of the other routes")
    func options() async throws {
        try await ServiceFixture.withModel(configure: { $0.maxInputTokens = 120 }) { fixture in
            let long = String(repeating: "Many words. ", count: 100)
            for direction in ["right", "left"] {
                let fields =
                    #""inputs": ["\#(long)", "One."], "dimensions": 5, "truncation_direction": "\#(direction)""#
                let found = try await compare(fixture, #"{\#(fields), "embedding": true}"#)
                let vectors = try await fixture.embed("{\(fields)}")
                // In float32 the last bits depend on what is computed at once.
                #expect(found.rationales.count == vectors.count)
                for (rationale, vector) in zip(found.rationales, vectors) {
                    #expect(relativeL2(rationale.embedding ?? [], vector) <= 1e-5)
                }
                #expect(found.rationales[0].truncated && !found.rationales[1].truncated)
                #expect(abs((found.similarity ?? 0) - cosine(vectors[0], vectors[1])) <= 1e-5)
                #expect(abs((found.similarity ?? 0) - found.sum) <= 1e-5)
                let spans = found.spans[0].filter { $0.kind == "text" }
                if direction == "right" {
                    #expect(spans.first?.start == 0)
                } else {
                    #expect(spans.last?.end == long.count && spans.first?.start != 0)
                }
                for span in spans { #expect(part(long, span.start ?? 0, span.end ?? 0) == span.text) }
            }
        }
    }

    @Test("The checkpoint's own prompt is a span of its own, and tokens have the offsets of their text")
    func promptsAndTokens() async throws {
        let models = try TemporaryDirectory()
        let source = try #require(ReferenceDirectory.file("tiny-qwen2"))
        try FileManager.default.copyItem(atPath: source.path, toPath: "\(models.path)/own")
        try models.write(#"{"version": 1, "prompts": {"query": "Query: "}}"#, to: "own/grace.json")
        try await ServiceFixture.withModel(models: models.path) { fixture in
            _ = try await fixture.store.load("own", activates: false)?.value.get()
            struct Token: Decodable { let id: Int }
            let tokens = try await fixture.send(
                .post, "/tokenize", #"{"inputs": "Two. Three.", "add_special_tokens": false}"#
            ).decoded([[Token]].self)[0].map { "\($0.id)" }.joined(separator: ",")
            let found = try await compare(
                fixture, #"{"inputs": ["One. Two", [\#(tokens)]], "model": "own", "prompt_name": "query"}"#)
            #expect(abs(found.sum - (found.similarity ?? 2)) <= 1e-5)
            #expect(
                found.spans.allSatisfy {
                    $0[0] == Comparison.Span(kind: "prompt", start: nil, end: nil, text: "Query: ")
                })
            let texts = found.spans.map { $0.filter { $0.kind == "text" } }
            #expect(
                texts == [
                    [
                        Comparison.Span(kind: "text", start: 0, end: 4, text: "One."),
                        Comparison.Span(kind: "text", start: 4, end: 8, text: " Two"),
                    ],
                    [
                        Comparison.Span(kind: "text", start: 0, end: 4, text: "Two."),
                        Comparison.Span(kind: "text", start: 4, end: 11, text: " Three."),
                    ],
                ])
        }
    }

    @Test("A stream tells of both rationales, and ends with the answer without one")
    func streaming() async throws {
        try await ServiceFixture.withModel { fixture in
            let fields = #""inputs": "one text", "against": ["another", "one text"], "max_rationale_tokens": 16"#
            let plain = await fixture.send(.post, "/explain/similarity", "{\(fields)}")
            #expect(plain.headers["x-grace-cache"] == "hit=0, shared=0, miss=3")
            let response = await fixture.send(.post, "/explain/similarity", #"{\#(fields), "stream": true}"#)
            #expect(response.headers["Content-Type"] == "text/event-stream")
            let events = try await response.events()
            #expect(events.last == StreamEvent(name: "done", data: String(decoding: plain.body, as: UTF8.self)))
            let found = try plain.decoded(Comparison.self)
            #expect(try events.rationales(count: 3) == found.rationales.map(\.rationale))
        }
    }

    @Test(
        "What is wrong is named",
        arguments: [
            ("{}", 422, "`inputs` is missing"),
            (#"{"inputs": "a"}"#, 422, "`inputs` has 1 text, 2 are compared, or 1 with those of `against`"),
            (
                #"{"inputs": ["a", "b", "c"]}"#, 422,
                "`inputs` has 3 texts, 2 are compared, or 1 with those of `against`"
            ),
            (
                #"{"inputs": ["a", "b"], "against": "c"}"#, 422,
                "`inputs` has 2 texts, 1 is compared with those of `against`"
            ),
            (#"{"inputs": ["a", ""]}"#, 400, "`inputs[1]` cannot be empty"),
            (#"{"inputs": "a", "against": []}"#, 400, "`against` cannot be empty"),
            (#"{"inputs": "a", "against": ["b", ""]}"#, 400, "`against[1]` cannot be empty"),
            (#"{"inputs": "", "against": ["b"]}"#, 400, "`inputs[0]` cannot be empty"),
            (
                #"{"inputs": "a", "against": 5}"#, 422, "`against` must be a string or a list of strings, not 5"
            ),
            (#"{"inputs": "a", "against": ["b", "c", "d"]}"#, 422, "`inputs` has 4 texts, the limit is 3"),
            (
                #"{"inputs": ["a", "b"], "granularity": "pages"}"#, 422,
                #"`granularity` must be "tokens", "words" or "sentences", not the string "pages""#
            ),
            (#"{"inputs": ["a", "b"], "top_n": 0}"#, 422, "`top_n` is 0, allowed are 1 to 65536"),
            (
                #"{"inputs": "a", "against": ["b", "c"], "top_n": 32769}"#, 422,
                "`top_n` is 32769, allowed are 1 to 32768"
            ),
            (
                #"{"inputs": ["a", "b"], "stream": true, "dimensions": 49}"#, 422,
                "`dimensions` is 49, allowed are 1 to 48"
            ),
        ])
    func refusals(body: String, status: Int, message: String) async throws {
        try await ServiceFixture.withModel(configure: { $0.requestLimits.maxClientBatchSize = 3 }) { fixture in
            let response = await fixture.send(.post, "/explain/similarity", body)
            #expect(response.status.code == status)
            let answer = try response.errorAnswer()
            #expect(answer.error == message)
        }
    }

    @Test("States and pairs that would be too many are refused with both numbers")
    func limits() async throws {
        // Each text fits, and all of them do not.
        try await ServiceFixture.withModel(configure: { $0.batchLimits.maxBatchTokens = 1000 }) { fixture in
            let texts = (0..<12).map { "\"\($0) \(String(repeating: "many words ", count: 50))\"" }
            let states = await fixture.send(
                .post, "/explain/similarity", #"{"inputs": "a", "against": [\#(texts.joined(separator: ", "))]}"#)
            #expect(states.status == .unprocessableContent)
            let answer = try states.errorAnswer()
            #expect(answer.error.hasSuffix("tokens would have to be kept, more than the limit of 1000"))
        }
        try await ServiceFixture.withModel { fixture in
            let long = "\"\(String(repeating: "many words ", count: 400))\""
            let pairs = await fixture.send(
                .post, "/explain/similarity",
                #"{"inputs": \#(long), "against": [\#(long), \#(long), \#(long)], "granularity": "tokens"}"#)
            #expect(pairs.status == .unprocessableContent)
            let message = try pairs.errorAnswer().error
            #expect(message.hasPrefix("the tokens of text and rationale can come to "))
            #expect(message.hasSuffix(" pairs, the limit is 2097152"))
        }
    }
}
