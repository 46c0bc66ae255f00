/// Why a tokenizer could not be built. Encoding and decoding themselves cannot fail.
package enum TokenizationError: Error, Equatable, Sendable {
    /// The bytes are not JSON; `reason` is the parser's.
    case malformedJSON(reason: String)
    /// A key of `tokenizer.json` is missing or holds a value of the wrong type.
    case invalidValue(key: String, reason: String)
    /// A feature of the file format that this tokenizer does not have.
    case unsupported(key: String, found: String, expected: String)
    /// A token's identifier is negative or far beyond the number of tokens.
    case identifierOutOfRange(token: String, identifier: Int, limit: Int)
    /// Two tokens share an identifier.
    case duplicateIdentifier(identifier: Int, first: String, second: String)
    /// One token has two identifiers.
    case duplicateToken(content: String, first: Int, second: Int)
    /// No token stands for a printable ASCII byte: this is not the vocabulary of a byte-level tokenizer.
    case missingByteToken(byte: UInt8)
    /// A merge is not two tokens.
    case malformedMerge(index: Int, found: String)
    /// A merge's part or result is not a token of the vocabulary, or is a control token.
    case unknownMergeToken(index: Int, token: String)
    /// A GGUF file's lists of tokens and of token types differ in length.
    case tokenTypeCountMismatch(tokens: Int, types: Int)
    /// A GGUF token type that the file format does not define.
    case unknownTokenType(identifier: Int, type: Int)
}

extension TokenizationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .malformedJSON(let reason):
            "tokenizer.json: not valid JSON: \(Self.line(reason))"
        case .invalidValue(let key, let reason):
            "tokenizer.json: \(Self.line(key)): \(Self.line(reason))"
        case .unsupported(let key, let found, let expected):
            "tokenizer: \(key) is \(Self.quoted(found)), supported: \(expected)"
        case .identifierOutOfRange(let token, let identifier, let limit):
            "tokenizer: token \(Self.quoted(token)) has the identifier \(identifier), expected 0 to \(limit)"
        case .duplicateIdentifier(let identifier, let first, let second):
            "tokenizer: identifier \(identifier) belongs to both \(Self.quoted(first)) and \(Self.quoted(second))"
        case .duplicateToken(let content, let first, let second):
            "tokenizer: token \(Self.quoted(content)) has two identifiers, \(first) and \(second)"
        case .missingByteToken(let byte):
            "tokenizer: no token stands for the byte \(byte), expected a byte-level vocabulary"
        case .malformedMerge(let index, let found):
            "tokenizer: merge \(index) is \(Self.quoted(found)), expected two tokens"
        case .unknownMergeToken(let index, let token):
            "tokenizer: merge \(index) needs \(Self.quoted(token)), which is no ordinary token of the vocabulary"
        case .tokenTypeCountMismatch(let tokens, let types):
            "tokenizer: \(tokens) tokens but \(types) token types"
        case .unknownTokenType(let identifier, let type):
            "tokenizer: token \(identifier) has the type \(type), expected 1 to 6"
        }
    }

    /// Text from the file in one line of bounded length: it is not trusted to be either.
    private static func line(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(160).map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars)) + (scalars.count < text.unicodeScalars.count ? "…" : "")
    }

    private static func quoted(_ text: String) -> String {
        "\"\(line(text))\""
    }
}
