extension ClassifiedText {
    /// GPT-2's pattern, the alternatives in its order:
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
    func endOfGPT2PreToken(at offset: Int, limit: Int) -> Int {
        if let end = endOfContraction(at: offset, limit: limit, ignoringCase: false) { return end }
        let start = classes[offset] == .space ? offset + 1 : offset
        if start < limit {
            switch classes[start] {
            case .letter, .number, .symbol:
                return endOfRun(of: classes[start], from: start, limit: limit)
            case .newline, .space, .whitespace, .continuation:
                break
            }
        }
        return endOfWhitespace(at: offset, limit: limit)
    }

    /// The pattern of Qwen2 (`digits` 1) and Llama-3 (`digits` 3), the alternatives in its order:
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,digits}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+
    /// |\s+(?!\S)|\s+`.
    func endOfWordPreToken(at offset: Int, limit: Int, digits: Int) -> Int {
        if let end = endOfContraction(at: offset, limit: limit, ignoringCase: true) { return end }
        let first = classes[offset]
        if first == .letter {
            return endOfRun(of: .letter, from: offset, limit: limit)
        }
        if first == .number {
            var end = endOfScalar(at: offset, limit: limit)
            for _ in 1..<digits where end < limit && classes[end] == .number {
                end = endOfScalar(at: end, limit: limit)
            }
            return end
        }
        let second = endOfScalar(at: offset, limit: limit)
        if first != .newline, second < limit, classes[second] == .letter {
            return endOfRun(of: .letter, from: second, limit: limit)
        }
        let symbols = first == .space ? second : offset
        if symbols < limit, classes[symbols] == .symbol {
            let end = endOfRun(of: .symbol, from: symbols, limit: limit)
            return endOfRun(of: .newline, from: end, limit: limit)
        }
        let run = endOfWhitespaceRun(from: offset, limit: limit)
        if let newline = classes[offset..<run].lastIndex(of: .newline) {
            return newline + 1
        }
        return endOfWhitespace(at: offset, limit: limit)
    }
}
