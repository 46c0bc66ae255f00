import Checkpoints
import Engine
import Tensors
import Tokenization
import Transformer

/// Why a checkpoint cannot be served or a text cannot be embedded.
package enum GraceError: Error, Equatable, Sendable, CustomStringConvertible {
    // MARK: Loading

    /// The environment asks for kernels that are not there.
    case kernels(KernelsError)
    /// The files are at fault.
    case checkpoint(CheckpointError)
    /// The weights are at fault.
    case transformer(TransformerError)
    /// The tokenizer is at fault.
    case tokenization(checkpoint: String, TokenizationError)
    /// The chat template cannot be read.
    case unreadableTemplate(checkpoint: String, ChatTemplateError)
    /// A model without a chat template is not an instruct model.
    case missingChatTemplate(checkpoint: String)
    /// Neither the generation settings nor the tokenizer name a token that ends a turn.
    case missingEndOfTurn(checkpoint: String)
    /// The tokenizer has tokens that the model has no embedding for.
    case vocabularyMismatch(checkpoint: String, tokenizer: Int, model: Int)
    /// A checkpoint whose rationales are longer than the server allows.
    case rationaleLimit(checkpoint: String, tokens: Int, limit: Int)
    /// A link that leads out of the directory of checkpoints.
    case linkOutside(path: String, target: String, directory: String)
    /// No checkpoint of that name.
    case unknownModel(name: String, directory: String, available: [String])
    /// No checkpoint of the name of an adapter's base.
    case unknownBase(name: String, adapter: String, directory: String, available: [String])

    // MARK: Embedding

    /// The chat template refuses a text.
    case template(ChatTemplateError)

    /// A text whose prompt is too long, where it may not be cut.
    case textTooLong(index: Int, tokens: Int, limit: Int)
    /// A number that is no token of the checkpoint's vocabulary.
    case unknownToken(index: Int, position: Int, id: Int, vocabularySize: Int)
    /// A token that steers the model and may not stand in a text.
    case controlToken(index: Int, position: Int, id: Int)
    /// A value of a request that is not allowed; `name` is the field's.
    case setting(name: String, found: String, allowed: String)
    /// `grace.json` has no prompt of that name.
    case unknownPrompt(name: String, available: [String])
    /// A template that ends where a text stands that it trims to nothing.
    case nothingToPool(index: Int)
    /// The prompt's limit leaves no room for a text.
    case noRoomForText(promptTokens: Int, limit: Int)
    /// A rationale that leaves the prompt no room in the model's context.
    case rationaleTooLong(tokens: Int, contextLength: Int)
    /// Spans of two texts that may come to more pairs than are looked at.
    case tooManySpanPairs(granularity: SpanGranularity, needed: Int, limit: Int)
    /// The engine refused or gave up.
    case engine(EngineError)

    package var description: String { description(inputs: "inputs") }

    /// - Parameter name: what the request calls the field of its inputs.
    package func description(inputs name: String) -> String {
        switch self {
        case .kernels(let error): "\(error)"
        case .checkpoint(let error): "\(error)"
        case .transformer(let error): "\(error)"
        case .tokenization(let checkpoint, let error): "\(checkpoint): \(error)"
        case .unreadableTemplate(let checkpoint, let error): "\(checkpoint): \(error)"
        case .template(let error): "\(error)"
        case .engine(let error): "\(error)"
        case .missingChatTemplate(let checkpoint):
            "\(checkpoint): there is no chat template; GRACE needs an instruct model"
        case .missingEndOfTurn(let checkpoint):
            "\(checkpoint): no end-of-turn token is named (eos_token_id)"
        case .vocabularyMismatch(let checkpoint, let tokenizer, let model):
            "\(checkpoint): the tokenizer has \(tokenizer) tokens, the model embeds \(model)"
        case .rationaleLimit(let checkpoint, let tokens, let limit):
            "\(checkpoint): grace.json: generation.max_rationale_tokens is \(tokens), the server's limit is \(limit)"
        case .linkOutside(let path, let target, let directory):
            "\(path): a symbolic link to \(target), which is not in \(directory)"
        case .unknownModel(let model, let directory, let available):
            "no checkpoint '\(model)' in \(directory); there are: "
                + (available.isEmpty ? "none" : available.joined(separator: ", "))
        case .unknownBase(let model, let adapter, let directory, let available):
            "no checkpoint '\(model)' in \(directory), on which the adapter \(adapter) stands; there are: "
                + available.joined(separator: ", ")
        case .textTooLong(let index, let tokens, let limit):
            "\(name)[\(index)] has \(tokens) tokens with the prompt around it, the limit is \(limit)"
        case .unknownToken(let index, let position, let id, let vocabularySize):
            "token \(position) of \(name)[\(index)] is \(id), which is none of the checkpoint's tokens, 0 to "
                + "\(vocabularySize - 1)"
        case .controlToken(let index, let position, let id):
            "token \(position) of \(name)[\(index)] is \(id), a control token, which no text may hold"
        case .setting(let name, let found, let allowed): "`\(name)` is \(found), allowed are \(allowed)"
        case .unknownPrompt(let prompt, let available):
            // Clients of text-embeddings-inference read the names out of the brackets.
            "`prompt_name` is \(String(prompt.prefix(60)).debugDescription), the checkpoint has "
                + (available.isEmpty
                    ? "no prompts" : "others. Available prompts: [\(available.joined(separator: ", "))]")
        case .nothingToPool(let index):
            "\(name)[\(index)] leaves no token to pool: the chat template keeps nothing of it, and nothing follows it"
        case .noRoomForText(let promptTokens, let limit):
            "the prompt has \(promptTokens) tokens without any text, which leaves no room within the limit of \(limit)"
        case .tooManySpanPairs(let granularity, let needed, let limit):
            "the \(granularity.rawValue) of text and rationale can come to \(needed) pairs, the limit is \(limit)"
        case .rationaleTooLong(let tokens, let contextLength):
            "a rationale of \(tokens) tokens leaves the prompt no room in the model's context of \(contextLength)"
        }
    }
}
