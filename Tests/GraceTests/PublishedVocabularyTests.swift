import Checkpoints
import SystemPackage
import TestSupport
import Testing
import Tokenization

/// Published vocabularies, read from GGUF files, give the ids that Hugging Face's tokenizers gave.
@Suite(.enabled(if: PublishedDirectory.isNamed, Comment(rawValue: PublishedDirectory.skipReason)))
struct PublishedVocabularyTests {
    private struct Case: Decodable {
        let text: String
        let ids: [TokenID]
    }

    private func tokenizer(_ vocabulary: String) throws -> Tokenizer {
        let file = try GGUFFile(path: FilePath(PublishedDirectory.path("\(vocabulary).gguf")))
        return try Tokenizer(
            TokenizerDefinition(
                tokens: file.strings("tokenizer.ggml.tokens").map { String(decoding: $0, as: UTF8.self) },
                tokenTypes: file.integers("tokenizer.ggml.token_type"),
                merges: file.strings("tokenizer.ggml.merges").map { String(decoding: $0, as: UTF8.self) },
                preTokenizerName: file.string("tokenizer.ggml.pre")))
    }

    @Test(
        "A published vocabulary encodes as Hugging Face's tokenizers do, and decoding gives the text back",
        arguments: [("qwen2", 151_936), ("llama-bpe", 128_256)])
    func encodes(vocabulary: String, size: Int) throws {
        let tokenizer = try tokenizer(vocabulary)
        #expect(tokenizer.vocabularySize == size)
        let cases = try PublishedDirectory.decode([Case].self, from: "\(vocabulary).json")
        #expect(!cases.isEmpty)
        for example in cases {
            #expect(tokenizer.encode(example.text, controlTokens: .recognised) == example.ids, "\(example.text)")
            #expect(tokenizer.encode(example.text, controlTokens: .asText) == example.ids, "\(example.text)")
            let decoded = tokenizer.decode(example.ids, skipControlTokens: true)
            #expect(Array(decoded.utf8) == Array(example.text.utf8), "\(example.text)")
        }
    }

    @Test(
        "A published vocabulary knows its control tokens",
        arguments: [
            ("qwen2", "<|im_end|>", 151_645), ("qwen2", "<|endoftext|>", 151_643),
            ("llama-bpe", "<|begin_of_text|>", 128_000), ("llama-bpe", "<|eot_id|>", 128_009),
        ] as [(String, String, TokenID)])
    func controlTokens(vocabulary: String, content: String, identifier: TokenID) throws {
        let tokenizer = try tokenizer(vocabulary)
        #expect(tokenizer.encode(content, controlTokens: .recognised) == [identifier])
        #expect(tokenizer.isControlToken(identifier))
        let asText = tokenizer.encode(content, controlTokens: .asText)
        #expect(!asText.contains(identifier))
        #expect(tokenizer.decode(asText, skipControlTokens: true) == content)
    }
}
