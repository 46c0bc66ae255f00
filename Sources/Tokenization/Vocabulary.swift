/// The tokens of a validated definition: from identifier to bytes, and from bytes to identifier.
///
/// Keyed by bytes, never by `String`: two strings that are canonically equivalent ("á", "a\u{301}") are equal in Swift
/// but are different tokens.
struct Vocabulary: Sendable {
    /// How far the largest identifier may exceed the number of tokens. Real vocabularies have few holes; a hostile file
    /// must not make a handful of tokens reserve memory for millions.
    private static let identifierSlack = 65_536
    private static let identifierCeiling = 1 << 24

    /// One more than the largest identifier.
    let size: Int
    /// All tokens' bytes, one after the other.
    private var storage: [UInt8] = []
    /// Where in `storage` each token lies; empty for an identifier without a token.
    private var ranges: [Range<Int>]
    private var controlTokens: [Bool]
    /// The tokens that merging may use and produce: no control tokens.
    private var identifiers: [ArraySlice<UInt8>: TokenID] = [:]

    /// - Throws: `identifierOutOfRange`, `duplicateIdentifier`, `duplicateToken`.
    init(_ definition: TokenizerDefinition) throws(TokenizationError) {
        let tokenCount = definition.vocabulary.count + definition.addedTokens.count
        let limit = min(Self.identifierCeiling, tokenCount + Self.identifierSlack)
        var largest = -1
        for entry in definition.vocabulary {
            largest = max(largest, try Self.checked(entry.identifier, of: entry.spelling, limit: limit))
        }
        for token in definition.addedTokens {
            largest = max(largest, try Self.checked(token.identifier, of: token.content, limit: limit))
        }
        size = largest + 1
        ranges = Array(repeating: 0..<0, count: size)
        controlTokens = Array(repeating: false, count: size)

        var contents = [String?](repeating: nil, count: size)
        var isSpelled = [Bool](repeating: false, count: size)
        for entry in definition.vocabulary {
            if let first = contents[entry.identifier] {
                throw .duplicateIdentifier(identifier: entry.identifier, first: first, second: entry.spelling)
            }
            contents[entry.identifier] = entry.spelling
            let start = storage.count
            // Text outside the alphabet cannot come from merging; it stands for itself, as in Hugging Face's decoder.
            isSpelled[entry.identifier] = ByteLevelAlphabet.appendBytes(spelledBy: entry.spelling, to: &storage)
            if !isSpelled[entry.identifier] {
                storage.append(contentsOf: entry.spelling.utf8)
            }
            ranges[entry.identifier] = start..<storage.count
        }
        var isAdded = [Bool](repeating: false, count: size)
        for token in definition.addedTokens {
            if let first = contents[token.identifier] {
                guard !isAdded[token.identifier], first.utf8.elementsEqual(token.content.utf8) else {
                    throw .duplicateIdentifier(identifier: token.identifier, first: first, second: token.content)
                }
            }
            contents[token.identifier] = token.content
            isAdded[token.identifier] = true
            controlTokens[token.identifier] = token.isControl
            ranges[token.identifier] = storage.count..<(storage.count + token.content.utf8.count)
            storage.append(contentsOf: token.content.utf8)
        }
        try indexTokens(isSpelled: isSpelled, contents: contents)
        try checkAddedTokens(definition.addedTokens)
    }

    /// The bytes of a token; empty if there is none.
    func bytes(of identifier: TokenID) -> ArraySlice<UInt8> {
        guard identifier >= 0, identifier < size else { return [] }
        return storage[ranges[Int(identifier)]]
    }

    func isControlToken(_ identifier: TokenID) -> Bool {
        identifier >= 0 && identifier < size && controlTokens[Int(identifier)]
    }

    /// The token, no control token, that stands for these bytes.
    func identifier(of bytes: ArraySlice<UInt8>) -> TokenID? {
        identifiers[bytes]
    }

    private static func checked(
        _ identifier: Int, of token: String, limit: Int
    ) throws(TokenizationError) -> Int {
        guard identifier >= 0, identifier < limit else {
            throw .identifierOutOfRange(token: token, identifier: identifier, limit: limit - 1)
        }
        return identifier
    }

    /// Fills `identifiers` with the tokens of the vocabulary proper.
    private mutating func indexTokens(isSpelled: [Bool], contents: [String?]) throws(TokenizationError) {
        identifiers.reserveCapacity(size)
        for (identifier, range) in ranges.enumerated() where isSpelled[identifier] && !controlTokens[identifier] {
            let slice = storage[range]
            guard !slice.isEmpty else { continue }
            if let first = identifiers.updateValue(TokenID(identifier), forKey: slice) {
                throw .duplicateToken(content: contents[identifier] ?? "", first: Int(first), second: identifier)
            }
        }
    }

    /// Refuses an added token that occurs twice, or that the vocabulary has under another identifier.
    private func checkAddedTokens(_ addedTokens: [TokenizerDefinition.AddedToken]) throws(TokenizationError) {
        var known: [ArraySlice<UInt8>: TokenID] = [:]
        for token in addedTokens where !token.content.isEmpty {
            let bytes = storage[ranges[token.identifier]]
            let other = known.updateValue(TokenID(token.identifier), forKey: bytes) ?? identifiers[bytes]
            if let other, Int(other) != token.identifier {
                throw .duplicateToken(content: token.content, first: Int(other), second: token.identifier)
            }
        }
    }
}
