import Testing
import Tokenization

@Suite struct GGUFDefinitionTests {
    private let bytes = (UInt8.min...UInt8.max).map { String(ByteVocabulary.character(of: $0)) }

    @Test("Token types say what a token is")
    func types() throws {
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                tokens: bytes + ["ab", "<|end|>", "<unk>", "<think>", "[PAD260]"],
                tokenTypes: Array(repeating: 1, count: 256) + [1, 3, 2, 4, 5], merges: ["a b"],
                preTokenizerName: "smollm"))
        #expect(tokenizer.encode("ab<|end|><think>", controlTokens: .recognised) == [256, 257, 259])
        #expect((256...260).map { tokenizer.isControlToken($0) } == [false, true, true, false, false])
        #expect(tokenizer.encode("<|end|>", controlTokens: .asText).count == 7)
        #expect(tokenizer.decode([260], skipControlTokens: true) == "[PAD260]")
        #expect(tokenizer.vocabularySize == 261)
    }

    @Test(
        "The pre-tokenizer's name decides on normalisation and on merging",
        arguments: [
            ("gpt-2", .gpt2, false, false), ("smollm", .smolLM, false, false), ("qwen2", .qwen2, true, false),
            ("llama-bpe", .llama3, false, true), ("llama3", .llama3, false, true), ("llama-v3", .llama3, false, true),
        ] as [(String, PreTokenizer, Bool, Bool)])
    func names(name: String, preTokenizer: PreTokenizer, normalizes: Bool, ignoresMerges: Bool) throws {
        let definition = try TokenizerDefinition(tokens: [], tokenTypes: [], merges: [], preTokenizerName: name)
        #expect(definition.preTokenizer == preTokenizer)
        #expect(definition.normalizesToNFC == normalizes)
        #expect(definition.ignoresMerges == ignoresMerges)
    }

    @Test(
        "Metadata that contradict each other are refused",
        arguments: [
            (["a"], [], [], "smollm", .tokenTypeCountMismatch(tokens: 1, types: 0)),
            (["a"], [7], [], "smollm", .unknownTokenType(identifier: 0, type: 7)),
            (["a"], [1], ["a"], "smollm", .malformedMerge(index: 0, found: "a")),
            (
                ["a"], [1], [], "default",
                .unsupported(
                    key: "tokenizer.ggml.pre", found: "default",
                    expected: "gpt-2, smollm, qwen2, llama-bpe, llama3, llama-v3")
            ),
            (["a"], [1], [], "smollm", .missingByteToken(byte: 32)),
            (["a", "a"], [1, 1], [], "smollm", .duplicateToken(content: "a", first: 0, second: 1)),
            ([], [], [], "smollm", .missingByteToken(byte: 32)),
        ] as [([String], [Int], [String], String, TokenizationError)])
    func contradictions(
        tokens: [String], types: [Int], merges: [String], name: String, expected: TokenizationError
    ) {
        #expect(throws: expected) {
            try Tokenizer(
                TokenizerDefinition(tokens: tokens, tokenTypes: types, merges: merges, preTokenizerName: name))
        }
    }
}
