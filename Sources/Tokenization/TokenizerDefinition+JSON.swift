import Foundation

extension TokenizerDefinition {
    /// From the bytes of a Hugging Face `tokenizer.json`.
    ///
    /// - Throws: `malformedJSON`, `invalidValue`, `unsupported`, `malformedMerge`.
    init(json: [UInt8]) throws(TokenizationError) {
        let file: TokenizerFile
        do {
            file = try JSONDecoder().decode(TokenizerFile.self, from: Data(json))
        } catch let error as DecodingError {
            throw TokenizationError(error)
        } catch {
            throw .malformedJSON(reason: "\(error)")
        }
        try Self.checkModel(file.model)
        guard file.decoder.type == "ByteLevel" else {
            throw .unsupported(key: "decoder.type", found: file.decoder.type, expected: "ByteLevel")
        }
        // Foundation's dictionary takes canonically equivalent keys for one. Of the characters that spell bytes no two
        // strings are equivalent, so no token that merging can produce is lost.
        self.init(
            vocabulary: file.model.vocabulary.map { VocabularyEntry(spelling: $0.key, identifier: $0.value) },
            addedTokens: try Self.addedTokens(file.addedTokens ?? []),
            merges: try Self.merges(file.model.merges),
            preTokenizer: try PreTokenizer(file.preTokenizer),
            normalizesToNFC: try Self.isNFC(file.normalizer),
            ignoresMerges: file.model.ignoreMerges ?? false)
    }

    private static func checkModel(_ model: TokenizerFile.Model) throws(TokenizationError) {
        try require(model.type ?? "BPE", isOneOf: ["BPE"], key: "model.type")
        try require(model.continuingSubwordPrefix ?? "", isOneOf: [""], key: "model.continuing_subword_prefix")
        try require(model.endOfWordSuffix ?? "", isOneOf: [""], key: "model.end_of_word_suffix")
        try require(model.byteFallback ?? false, isOneOf: [false], key: "model.byte_fallback")
        try require(model.dropout ?? 0, isOneOf: [0], key: "model.dropout")
        // Bytes without a token are left out, which is right only where no token is named to take their place.
        if let unknownToken = model.unknownToken {
            let bytes = (UInt8.min...UInt8.max).map { ByteLevelAlphabet.spelling(of: $0) }
            try require(
                bytes.allSatisfy { model.vocabulary[$0] != nil } ? "" : unknownToken, isOneOf: [""],
                key: "model.unk_token")
        }
    }

    private static func addedTokens(_ tokens: [TokenizerFile.AddedToken]) throws(TokenizationError) -> [AddedToken] {
        var result: [AddedToken] = []
        for (index, token) in tokens.enumerated() {
            let flags = [("lstrip", token.lstrip), ("rstrip", token.rstrip), ("single_word", token.singleWord)]
            for (name, flag) in flags {
                try require(flag ?? false, isOneOf: [false], key: "added_tokens[\(index)].\(name)")
            }
            let isControl = token.special ?? false
            result.append(
                AddedToken(
                    content: token.content, identifier: token.id, isControl: isControl,
                    matchesNormalizedText: token.normalized ?? !isControl))
        }
        return result
    }

    private static func merges(_ merges: TokenizerFile.Merges) throws(TokenizationError) -> [Merge] {
        var result: [Merge] = []
        switch merges {
        case .strings(let strings):
            result.reserveCapacity(strings.count)
            for (index, string) in strings.enumerated() {
                result.append(try merge(string, index: index))
            }
        case .pairs(let pairs):
            result.reserveCapacity(pairs.count)
            for (index, pair) in pairs.enumerated() {
                guard pair.count == 2 else {
                    throw .malformedMerge(index: index, found: pair.joined(separator: " "))
                }
                result.append(Merge(left: pair[0], right: pair[1]))
            }
        }
        return result
    }

    private static func isNFC(_ normalizer: TokenizerFile.Normalizer?) throws(TokenizationError) -> Bool {
        guard let normalizer else { return false }
        let steps = normalizer.type == "Sequence" ? normalizer.normalizers ?? [] : [normalizer]
        for step in steps {
            try require(step.type, isOneOf: ["NFC"], key: "normalizer.type")
        }
        return !steps.isEmpty
    }

    private static func require<Value: Equatable>(
        _ value: Value, isOneOf supported: [Value], key: String
    ) throws(TokenizationError) {
        guard supported.contains(value) else {
            throw .unsupported(
                key: key, found: "\(value)", expected: supported.map { "\"\($0)\"" }.joined(separator: ", "))
        }
    }
}

extension PreTokenizer {
    /// The published pipelines only: what they are made of means other things in other orders.
    fileprivate init(_ file: TokenizerFile.PreTokenizer) throws(TokenizationError) {
        let steps = file.type == "Sequence" ? file.pretokenizers ?? [] : [file]
        for step in steps where step.addPrefixSpace == true {
            throw .unsupported(key: "pre_tokenizer.add_prefix_space", found: "true", expected: "false")
        }
        let match: PreTokenizer? =
            switch (steps.first?.type, steps.count) {
            case ("ByteLevel", 1) where steps[0].useRegex ?? true:
                .gpt2
            case ("Digits", 2) where steps[0].individualDigits ?? false && steps[1].isByteLevel(usingRegex: true):
                .smolLM
            case ("Split", 2)
            where steps[0].behavior == "Isolated" && !(steps[0].invert ?? false)
                && steps[1].isByteLevel(usingRegex: false):
                steps[0].pattern?.regex.flatMap(PreTokenizer.init(splitPattern:))
            default:
                nil
            }
        guard let match else {
            throw .unsupported(
                key: "pre_tokenizer", found: steps.map(\.summary).joined(separator: ", then "),
                expected: "the pre-tokenizers of GPT-2, SmolLM, Qwen2 and Llama-3")
        }
        self = match
    }
}

extension TokenizerFile.PreTokenizer {
    fileprivate func isByteLevel(usingRegex: Bool) -> Bool {
        type == "ByteLevel" && (useRegex ?? true) == usingRegex
    }

    /// The step with what distinguishes it, for an error message.
    fileprivate var summary: String {
        var options: [String] = []
        if let useRegex { options.append("use_regex: \(useRegex)") }
        if let individualDigits { options.append("individual_digits: \(individualDigits)") }
        if let behavior { options.append("behavior: \(behavior)") }
        if let regex = pattern?.regex { options.append("Regex: \(regex)") }
        return options.isEmpty ? type : "\(type)(\(options.joined(separator: ", ")))"
    }
}

extension TokenizationError {
    /// Names the key by its path from the root.
    fileprivate init(_ error: DecodingError) {
        func path(_ keys: [any CodingKey]) -> String {
            keys.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined().drop { $0 == "." }.description
        }
        switch error {
        case .keyNotFound(let key, let context):
            self = .invalidValue(key: path(context.codingPath + [key]), reason: "is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self = .invalidValue(key: path(context.codingPath), reason: context.debugDescription)
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self = .invalidValue(key: path(context.codingPath), reason: context.debugDescription)
        case .dataCorrupted(let context):
            self = .malformedJSON(reason: "\(context.underlyingError.map { "\($0)" } ?? context.debugDescription)")
        @unknown default:
            self = .malformedJSON(reason: "\(error)")
        }
    }
}
