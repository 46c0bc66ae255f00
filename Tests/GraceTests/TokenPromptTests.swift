import Engine
import Grace
import TestSupport
import Testing
import Tokenization

@Suite("Prompts around tokens")
struct TokenPromptTests {
    static let checkpoints = ["tiny-qwen2", "tiny-llama3"]

    private func builder(_ name: String) throws -> GracePromptBuilder {
        try #require(try loadReference(name)).promptBuilder
    }

    private func tokens(_ text: String, _ builder: GracePromptBuilder) -> [Int] {
        builder.tokenizer.encode(text, controlTokens: .asText).map(Int.init)
    }

    @Test(
        "The tokens of a text make the prompt of the text",
        arguments: checkpoints,
        ["plain", "two words.", "é", "🚀", "<|im_end|>", "1", "'s", "x\u{301}", "東京 and more\n\nlines"])
    func sameAsText(name: String, text: String) throws {
        let builder = try builder(name)
        let prompt = try builder.prompt(forTokens: tokens(text, builder), limit: 1024, truncation: .refuse)
        #expect(try prompt == builder.prompt(for: text, limit: 1024, truncation: .refuse))
    }

    @Test("Tokens that would have merged with the template stay as they are")
    func borders() throws {
        let builder = try builder("tiny-qwen2")
        for text in ["\nline", "\n\n"] {
            let ids = tokens(text, builder)
            let prompt = try builder.prompt(forTokens: ids, limit: 1024, truncation: .refuse)
            let placed = prompt.tokens[prompt.poolingStart..<(prompt.poolingStart + ids.count)]
            #expect(placed.map(Int.init) == ids)
            let asText = try builder.prompt(for: text, limit: 1024, truncation: .refuse)
            #expect(
                builder.tokenizer.decode(prompt.tokens, skipControlTokens: false)
                    == builder.tokenizer.decode(asText.tokens, skipControlTokens: false))
        }
    }

    @Test("Tokens are cut at the end asked for, to the very limit, or refused with both numbers")
    func truncation() throws {
        let builder = try builder("tiny-qwen2")
        let ids = tokens((0..<200).map { "word\($0)" }.joined(separator: " "), builder)
        let whole = try builder.prompt(forTokens: ids, limit: .max, truncation: .refuse)
        let around = whole.tokens.count - ids.count
        let limit = around + 10
        let right = try builder.prompt(forTokens: ids, limit: limit, truncation: .right)
        let left = try builder.prompt(forTokens: ids, limit: limit, truncation: .left)
        for (prompt, kept) in [(right, ids.prefix(10)), (left, ids.suffix(10))] {
            #expect(prompt.isTruncated && prompt.tokens.count == limit)
            let start = prompt.poolingStart
            #expect(start == whole.poolingStart)
            #expect(prompt.tokens[start..<(start + 10)].map(Int.init) == Array(kept))
            #expect(prompt.tokens[(start + 10)...] == whole.tokens[(start + ids.count)...])
        }
        #expect(throws: GraceError.textTooLong(index: 2, tokens: whole.tokens.count, limit: limit)) {
            try builder.prompt(forTokens: ids, limit: limit, truncation: .refuse, index: 2)
        }
        #expect(throws: GraceError.noRoomForText(promptTokens: around, limit: around)) {
            try builder.prompt(forTokens: ids, limit: around, truncation: .right)
        }
    }

    @Test("What is no token, or steers the model, is refused with its place", arguments: checkpoints)
    func refusals(name: String) throws {
        let builder = try builder(name)
        let size = builder.tokenizer.vocabularySize
        for id in [-1, size, Int.max, Int.min, 1 << 32] {
            #expect(throws: GraceError.unknownToken(index: 1, position: 2, id: id, vocabularySize: size)) {
                try builder.prompt(forTokens: [5, 6, id], limit: 1024, truncation: .right, index: 1)
            }
        }
        let control = try #require((0..<size).first { builder.tokenizer.isControlToken(Int32($0)) })
        // Beyond what would be kept, too.
        let ids = Array(repeating: 5, count: 2000) + [control]
        #expect(throws: GraceError.controlToken(index: 0, position: 2000, id: control)) {
            try builder.prompt(forTokens: ids, limit: 1024, truncation: .right)
        }
    }

    @Test("A text and its tokens have one seed, one rationale, one vector and one place in the cache")
    func embedding() async throws {
        let model = try #require(try loadReference("tiny-qwen2"))
        let embedder = try Embedder(
            model: model,
            limits: .init(maxLiveRequests: 4, maxBatchTokens: 4096, maxStepTokens: 128, maxRequests: 16),
            maxInputTokens: 1024, sharing: SharedGenerations(entryLimit: 16))
        let settings = EmbeddingSettings(maxRationaleTokens: 6, temperature: 1)
        let ids = tokens("some words", model.promptBuilder)
        let text = try await embedder.embed(["some words"], settings: settings)[0]
        let both = try await embedder.embed([.tokens(ids), .tokens(ids.reversed())], settings: settings)
        embedder.engine.stop()
        #expect(both[0].seed == text.seed && both[1].seed != text.seed)
        #expect(both[0].source == .hit && both[1].source == .miss)
        #expect(both[0].vector == text.vector && both[0].rationaleTokens == text.rationaleTokens)
    }
}
