import Checkpoints
import JSON
import Tokenization

/// The tokenizer of a GGUF file in the documents that Hugging Face's libraries read.
///
/// GGUF names a pre-tokenizer where `tokenizer.json` spells it out, and transformers' own reader of GGUF takes GPT-2's for
/// all: it forgets that SmolLM splits digits first. Here it is what our tokenizer does.
struct GGUFTokenizerExport {
    private let parts: TokenizerParts
    private let beginOfText: Int?
    private let endOfText: Int?
    private let padding: Int?
    private let unknown: Int?
    private let addsBeginOfText: Bool?
    private let spellings: [String]

    init(_ file: GGUFFile) throws(CheckpointError) {
        parts = try TokenizerParts(gguf: file)
        beginOfText = try file.integerIfPresent("tokenizer.ggml.bos_token_id")
        endOfText = try file.integerIfPresent("tokenizer.ggml.eos_token_id")
        padding = try file.integerIfPresent("tokenizer.ggml.padding_token_id")
        unknown = try file.integerIfPresent("tokenizer.ggml.unknown_token_id")
        addsBeginOfText = try file.boolIfPresent("tokenizer.ggml.add_bos_token")
        spellings = try file.strings("tokenizer.ggml.tokens").map { String(decoding: $0, as: UTF8.self) }
    }

    /// The tokens that `config.json` names.
    var tokens: [(key: String, id: Int?)] {
        [("bos_token_id", beginOfText), ("eos_token_id", endOfText), ("pad_token_id", padding)]
    }

    /// `generation_config.json`: every token that ends a turn.
    var generationConfiguration: [UInt8] {
        var writer = JSONWriter()
        writer.value(
            .object([
                "bos_token_id": beginOfText.map(JSONValue.integer) ?? .null,
                "eos_token_id": .array(Set(parts.stopTokens).sorted().map(JSONValue.integer)),
                "pad_token_id": padding.map(JSONValue.integer) ?? .null,
            ]))
        return writer.indented
    }

    /// `tokenizer_config.json`, with the chat template.
    func configuration(contextLength: Int) -> [UInt8] {
        var members: [String: JSONValue] = [
            "clean_up_tokenization_spaces": .bool(false), "model_max_length": .integer(contextLength),
            "tokenizer_class": .string("PreTrainedTokenizerFast"),
        ]
        members["bos_token"] = spelling(of: beginOfText).map(JSONValue.string)
        members["eos_token"] = spelling(of: endOfText).map(JSONValue.string)
        members["pad_token"] = spelling(of: padding).map(JSONValue.string)
        members["unk_token"] = spelling(of: unknown).map(JSONValue.string)
        members["chat_template"] = parts.chatTemplate.map(JSONValue.string)
        var writer = JSONWriter()
        writer.value(.object(members))
        return writer.indented
    }

    /// `tokenizer.json`
    ///
    /// - Throws: `GraceError.tokenization` for a vocabulary that our own tokenizer refuses.
    func file(checkpoint: String) throws(GraceError) -> [UInt8] {
        guard case .gguf(let tokens, let types, let merges, let name) = parts.vocabulary else {
            preconditionFailure("the vocabulary of a GGUF file")
        }
        let definition: TokenizerDefinition
        do throws(TokenizationError) {
            definition = try TokenizerDefinition(
                tokens: tokens, tokenTypes: types, merges: merges, preTokenizerName: name)
            _ = try Tokenizer(definition)
        } catch {
            throw .tokenization(checkpoint: checkpoint, error)
        }
        // llama.cpp's default where the file does not say.
        let prefix = addsBeginOfText ?? (definition.preTokenizer == .llama3) ? beginOfText : nil
        return definition.tokenizerFile(
            beginningWith: prefix.flatMap { id in spelling(of: id).map { (content: $0, identifier: id) } })
    }

    private func spelling(of id: Int?) -> String? {
        id.flatMap { spellings.indices.contains($0) ? spellings[$0] : nil }
    }
}

extension TokenizerDefinition {
    /// `tokenizer.json`, in which the added tokens are in the vocabulary too: so they keep their identifiers.
    ///
    /// - Parameter beginningWith: the token that is put before a text whose special tokens are asked for.
    package func tokenizerFile(beginningWith prefix: (content: String, identifier: Int)? = nil) -> [UInt8] {
        let added = addedTokens.sorted { $0.identifier < $1.identifier }
        let all = vocabulary + added.map { VocabularyEntry(spelling: $0.content, identifier: $0.identifier) }
        var writer = JSONWriter(reserving: 64 * all.count)
        writer.object { writer in
            writer.member("version", "1.0")
            writer.member("truncation", .null)
            writer.member("padding", .null)
            writer.member("added_tokens", .array(added.map(\.json)))
            writer.member("normalizer", normalizesToNFC ? .object(["type": .string("NFC")]) : .null)
            writer.member("pre_tokenizer", preTokenizer.json)
            writer.member("post_processor", prefix.map(Self.postProcessor) ?? .null)
            writer.member("decoder", PreTokenizer.byteLevel(usesPattern: true))
            writer.key("model")
            writer.object { writer in
                writer.member("type", "BPE")
                for key in ["dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"] {
                    writer.member(key, .null)
                }
                writer.member("fuse_unk", false)
                writer.member("byte_fallback", false)
                writer.member("ignore_merges", ignoresMerges)
                writer.key("vocab")
                writer.object { writer in
                    for entry in all.sorted(by: { $0.identifier < $1.identifier }) {
                        writer.member(entry.spelling, entry.identifier)
                    }
                }
                writer.key("merges")
                writer.array { writer in
                    // One string a merge, which older releases read too.
                    for merge in merges { writer.string("\(merge.left) \(merge.right)") }
                }
            }
        }
        return writer.bytes
    }

    private static func postProcessor(_ token: (content: String, identifier: Int)) -> JSONValue {
        func sequence(_ id: String, _ type: Int) -> JSONValue {
            .object(["Sequence": .object(["id": .string(id), "type_id": .integer(type)])])
        }
        func special(_ type: Int) -> JSONValue {
            .object(["SpecialToken": .object(["id": .string(token.content), "type_id": .integer(type)])])
        }
        return .object([
            "type": .string("TemplateProcessing"), "single": .array([special(0), sequence("A", 0)]),
            "pair": .array([special(0), sequence("A", 0), special(1), sequence("B", 1)]),
            "special_tokens": .object([
                token.content: .object([
                    "id": .string(token.content), "ids": .array([.integer(token.identifier)]),
                    "tokens": .array([.string(token.content)]),
                ])
            ]),
        ])
    }
}

extension TokenizerDefinition.AddedToken {
    fileprivate var json: JSONValue {
        .object([
            "id": .integer(identifier), "content": .string(content), "single_word": .bool(false),
            "lstrip": .bool(false), "rstrip": .bool(false), "normalized": .bool(matchesNormalizedText),
            "special": .bool(isControl),
        ])
    }
}

extension PreTokenizer {
    fileprivate var json: JSONValue {
        let steps: [JSONValue]
        switch self {
        case .gpt2: return Self.byteLevel(usesPattern: true)
        case .smolLM:
            steps = [
                .object(["type": .string("Digits"), "individual_digits": .bool(true)]),
                Self.byteLevel(usesPattern: true),
            ]
        case .qwen2, .llama3:
            steps = [
                .object([
                    "type": .string("Split"), "pattern": .object(["Regex": .string(splitPattern ?? "")]),
                    "behavior": .string("Isolated"), "invert": .bool(false),
                ]),
                Self.byteLevel(usesPattern: false),
            ]
        }
        return .object(["type": .string("Sequence"), "pretokenizers": .array(steps)])
    }

    fileprivate static func byteLevel(usesPattern: Bool) -> JSONValue {
        .object([
            "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
            "use_regex": .bool(usesPattern),
        ])
    }
}
