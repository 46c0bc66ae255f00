import Tokenization

/// What is to be embedded.
package enum EmbeddingInput: Sendable, Equatable {
    /// A text.
    case text(String)
    /// Tokens of the checkpoint's vocabulary, which stand where a text would. They are checked when the prompt is made.
    case tokens([Int])

    /// Bytes or tokens.
    var size: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let ids): ids.count
        }
    }

    /// Whether there is nothing to embed.
    package var isEmpty: Bool {
        switch self {
        case .text(let text): text.isEmpty
        case .tokens(let ids): ids.isEmpty
        }
    }
}

extension LoadedModel {
    /// The text that `grace.json` gives a name.
    ///
    /// - Throws: `GraceError.unknownPrompt`
    func prompt(_ name: String) throws(GraceError) -> String {
        guard let prompt = prompts[name] else {
            throw .unknownPrompt(name: name, available: prompts.keys.sorted())
        }
        return prompt
    }

    /// The input behind one of the checkpoint's own prompts.
    ///
    /// - Throws: `GraceError.unknownPrompt`
    package func input(_ input: EmbeddingInput, behindPrompt name: String) throws(GraceError) -> EmbeddingInput {
        let prompt = try prompt(name)
        switch input {
        case .text(let text): return .text(prompt + text)
        case .tokens(let ids):
            return .tokens(tokenizer.encode(prompt, controlTokens: .asText).map(Int.init) + ids)
        }
    }

    /// The seed of an input that is given none: of the bytes that it stands for. So a text and its own tokens have one seed.
    func derivedSeed(of input: EmbeddingInput) -> UInt64 {
        var hash = TextHash()
        switch input {
        case .text(let text): hash.add(text)
        case .tokens(let ids):
            for byte in ids.lazy.flatMap({ tokenizer.bytes(of: .init(truncatingIfNeeded: $0)) }) { hash.add(byte) }
        }
        return hash.seed
    }
}
