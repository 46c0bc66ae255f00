import Checkpoints
import JSON
import Tokenization

/// What a checkpoint says of its tokenizer, as its layout stores it.
struct TokenizerParts {
    enum Vocabulary {
        case json([UInt8])
        case gguf(tokens: [String], types: [Int], merges: [String], preTokenizerName: String)
    }

    let vocabulary: Vocabulary
    let chatTemplate: String?
    let beginOfText: String?
    let endOfText: String?
    let stopTokens: [Int]

    init(of checkpoint: Checkpoint) throws(CheckpointError) {
        switch checkpoint.source {
        case .gguf(let file): try self.init(gguf: file)
        case .huggingFace(let directory): try self.init(huggingFace: directory)
        }
    }

    private init(huggingFace directory: HuggingFaceDirectory) throws(CheckpointError) {
        vocabulary = .json(directory.tokenizerJSON)
        chatTemplate = directory.chatTemplate
        beginOfText = try directory.tokenizerConfig?.tokenContent("bos_token")
        endOfText = try directory.tokenizerConfig?.tokenContent("eos_token")
        // The generation settings know of every token that ends a turn; the model's configuration often of one only.
        let key = "eos_token_id"
        let generation = try directory.generationConfig?.integersIfPresent(key)
        let configuration = try directory.config.integersIfPresent(key)
        stopTokens = generation ?? configuration ?? []
    }

    init(gguf file: GGUFFile) throws(CheckpointError) {
        let model = try file.string("tokenizer.ggml.model")
        guard model == "gpt2" else {
            throw .wrongType(
                file: file.tensors.file.name, key: "tokenizer.ggml.model", expected: "'gpt2' (byte-level BPE)",
                found: "'\(model)'")
        }
        let tokens = try file.strings("tokenizer.ggml.tokens")
        vocabulary = .gguf(
            tokens: tokens.map { String(decoding: $0, as: UTF8.self) },
            types: try file.integers("tokenizer.ggml.token_type"),
            merges: try file.strings("tokenizer.ggml.merges").map { String(decoding: $0, as: UTF8.self) },
            preTokenizerName: try file.string("tokenizer.ggml.pre"))
        chatTemplate = try file.stringIfPresent("tokenizer.chat_template")
        func content(_ id: Int?) -> String? {
            id.flatMap { tokens.indices.contains($0) ? String(decoding: tokens[$0], as: UTF8.self) : nil }
        }
        let endOfTextID = try file.integerIfPresent("tokenizer.ggml.eos_token_id")
        let endOfTurnID = try file.integerIfPresent("tokenizer.ggml.eot_token_id")
        beginOfText = content(try file.integerIfPresent("tokenizer.ggml.bos_token_id"))
        endOfText = content(endOfTextID)
        // GGUF names one token where generation settings list several: these spellings end a turn in every family.
        let spellings = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|endoftext|>"].map {
            Array($0.utf8)
        }
        stopTokens =
            [endOfTextID, endOfTurnID].compactMap { $0 }
            + tokens.indices.filter { spellings.contains(Array(tokens[$0])) }
    }

    /// - Throws: `GraceError.tokenization`, `.unreadableTemplate`, `.missingChatTemplate`
    func promptBuilder(checkpoint: String, settings: GraceSettings) throws(GraceError) -> GracePromptBuilder {
        guard let chatTemplate else { throw .missingChatTemplate(checkpoint: checkpoint) }
        let template: ChatTemplate
        do throws(ChatTemplateError) {
            template = try ChatTemplate(source: chatTemplate)
        } catch {
            throw .unreadableTemplate(checkpoint: checkpoint, error)
        }
        return GracePromptBuilder(
            tokenizer: try tokenizer(checkpoint: checkpoint), template: template, systemPrompt: settings.systemPrompt,
            beginOfText: beginOfText, endOfText: endOfText)
    }

    /// The tokens that end a turn: those of the generation settings, or else the tokenizer's end of text.
    ///
    /// - Throws: `GraceError.missingEndOfTurn`
    func stopTokens(checkpoint: String, tokenizer: Tokenizer) throws(GraceError) -> Set<TokenID> {
        var tokens = Set(stopTokens.compactMap { TokenID(exactly: $0) })
        if tokens.isEmpty, let endOfText, let token = tokenizer.tokenID(of: endOfText) {
            tokens.insert(token)
        }
        guard !tokens.isEmpty else { throw .missingEndOfTurn(checkpoint: checkpoint) }
        return tokens
    }

    private func tokenizer(checkpoint: String) throws(GraceError) -> Tokenizer {
        do throws(TokenizationError) {
            switch vocabulary {
            case .json(let bytes):
                return try Tokenizer(json: bytes)
            case .gguf(let tokens, let types, let merges, let preTokenizerName):
                return try Tokenizer(
                    TokenizerDefinition(
                        tokens: tokens, tokenTypes: types, merges: merges, preTokenizerName: preTokenizerName))
            }
        } catch {
            throw .tokenization(checkpoint: checkpoint, error)
        }
    }
}

extension JSONDocument {
    /// A special token of `tokenizer_config.json`: its text, or an object that holds it as `content`.
    fileprivate func tokenContent(_ key: String) throws(CheckpointError) -> String? {
        if case .some(.object) = valueIfPresent(key) {
            return try object(key).string("content")
        }
        return try stringIfPresent(key)
    }
}
