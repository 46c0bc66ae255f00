import Checkpoints
import Engine
import Foundation
import Grace
import SystemPackage
import TestSupport
import Testing
import Tokenization
import Transformer

@Suite("Model export Reference", .serialized)
struct ModelExportTests {
    @Test(
        "An exported model gives the reference's rationales and vectors, an adapter merged into its base too",
        arguments: ["tiny-qwen2", "tiny-qwen3", "tiny-llama3", "tiny-qwen2-lora"])
    func goldens(name: String) async throws {
        guard let golden = try Golden.load(name), let path = TestModels.path(ofReference: name) else { return }
        let checkpoint = try GraceCheckpoint(path: FilePath(TestModels.adapterPath(ofReference: name) ?? path))
        let directory = try TemporaryDirectory()
        let exported = FilePath("\(directory.path)/exported")
        try CheckpointWriter.write(
            ModelExport(of: checkpoint).files(format: .float32, shardSize: 100_000), manifest: GraceManifest(),
            to: exported)
        let model = try LoadedModel(path: exported)
        #expect(model.baseName == nil)
        try await Embedder.with(model) { embedder in
            let settings = EmbeddingSettings(maxRationaleTokens: Golden.maxRationaleTokens(of: name))
            let embeddings = try await embedder.embed(golden.cases.map(\.text), settings: settings)
            for (embedding, expected) in zip(embeddings, golden.cases) {
                #expect(embedding.rationaleTokens == expected.rationaleIds)
                #expect(relativeL2(embedding.vector, expected.embeddingUnnormalised) <= 1e-4)
                #expect(cosine(embedding.vector, expected.embeddingUnnormalised) >= 0.99999)
            }
        }
    }

    @Test("The tokenizer of a GGUF file is exported with its ids, template and ends of a turn")
    func ggufTokenizer() async throws {
        guard let golden = try Golden.load("smollm2"), let path = TestModels.path(ofReference: "smollm2") else {
            return
        }
        let checkpoint = try GraceCheckpoint(path: FilePath(path))
        let directory = try TemporaryDirectory()
        let exported = FilePath("\(directory.path)/exported")
        // Without the weights.
        let documents = try ModelExport(of: checkpoint).files(format: .bfloat16)
            .filter { !$0.name.hasSuffix(".safetensors") }
        #expect(
            documents.map(\.name) == [
                "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
            ])
        try DurableDirectory.write(documents, to: exported)
        try directory.write(SafetensorsBuilder().build(), to: "exported/model.safetensors")
        let read = try Checkpoint(path: exported)
        guard case .huggingFace(let files) = read.source else { return #expect(Bool(false), "not a directory") }
        let tokenizer = try Tokenizer(json: files.tokenizerJSON)
        for tokens in try #require(golden.tokens) {
            #expect(tokenizer.encode(tokens.text, controlTokens: .recognised) == tokens.ids, "\(tokens.text)")
        }
        for example in golden.cases {
            #expect(tokenizer.encode(example.rendered, controlTokens: .recognised) == example.promptIds)
        }
        guard case .gguf(let gguf) = checkpoint.base.source else { return #expect(Bool(false), "not a GGUF file") }
        #expect(files.chatTemplate == (try gguf.string("tokenizer.chat_template")))
        #expect(try files.generationConfig?.integersIfPresent("eos_token_id") == [0, 2])
        #expect(try files.config.string("torch_dtype") == "bfloat16")
        #expect(try TransformerConfiguration(of: read) == TransformerConfiguration(of: checkpoint.base))
    }

    /// `tokenizer.json`, as far as it says which tokens there are.
    private struct TokenizerFile: Decodable {
        struct Model: Decodable {
            let vocab: [String: Int]
            let merges: [[String]]
        }
        struct AddedToken: Decodable {
            let id: Int
            let content: String
        }
        let model: Model
        let addedTokens: [AddedToken]
    }

    @Test(
        "A tokenizer that is spelled out gives the same ids, however it splits text",
        arguments: PreTokenizer.allCases, [false, true])
    func tokenizers(preTokenizer: PreTokenizer, isOdd: Bool) throws {
        guard let golden = try Golden.load("tiny-llama3"),
            let file = ReferenceDirectory.file("tiny-llama3/tokenizer.json")
        else { return }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let reference = try decoder.decode(TokenizerFile.self, from: Data(contentsOf: file))
        let definition = TokenizerDefinition(
            vocabulary: reference.model.vocab.map { .init(spelling: $0.key, identifier: $0.value) },
            addedTokens: reference.addedTokens.map {
                .init(
                    content: $0.content, identifier: $0.id, isControl: $0.id % 2 == 0, matchesNormalizedText: isOdd)
            },
            merges: reference.model.merges.map { .init(left: $0[0], right: $0[1]) },
            preTokenizer: preTokenizer, normalizesToNFC: isOdd, ignoresMerges: isOdd)
        let meant = try Tokenizer(definition)
        let written = try Tokenizer(
            json: definition.tokenizerFile(beginningWith: isOdd ? ("<|begin_of_text|>", 507) : nil))
        let texts =
            try #require(golden.tokens).map(\.text) + golden.cases.map(\.rendered) + ["<|eot_id|>Cafe\u{301} 12345"]
        for text in texts {
            #expect(written.encode(text, controlTokens: .recognised) == meant.encode(text, controlTokens: .recognised))
            #expect(written.encode(text, controlTokens: .asText) == meant.encode(text, controlTokens: .asText))
        }
        #expect(written.vocabularySize == meant.vocabularySize)
    }
}
