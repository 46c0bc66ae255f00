extension Tokenizer {
    /// The bytes that a token stands for: perhaps not whole characters, none if there is no such token.
    ///
    /// A control token stands for its own spelling.
    package func bytes(of identifier: TokenID) -> [UInt8] {
        Array(vocabulary.bytes(of: identifier))
    }

    /// The text of tokens. Bytes that are not UTF-8 become U+FFFD, one for each maximal ill-formed part, as in Hugging
    /// Face's tokenizers.
    package func decode(_ ids: some Sequence<TokenID>, skipControlTokens: Bool) -> String {
        var bytes: [UInt8] = []
        for identifier in ids where !(skipControlTokens && isControlToken(identifier)) {
            bytes.append(contentsOf: vocabulary.bytes(of: identifier))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
