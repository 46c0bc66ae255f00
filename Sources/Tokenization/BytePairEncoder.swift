import HeapModule

/// Byte-pair encoding: the bytes of a pre-token, joined pair by pair, the pair of the lowest rank first and of equals
/// the leftmost.
struct BytePairEncoder: Sendable {
    /// A stretch of a pre-token that has become one token. Small, as a long text makes one for each byte.
    struct Symbol {
        var identifier: TokenID
        /// Offsets into the text.
        fileprivate var start: UInt32
        fileprivate var end: UInt32

        init(identifier: TokenID, range: Range<Int>) {
            self.identifier = identifier
            start = UInt32(range.lowerBound)
            end = UInt32(range.upperBound)
        }

        var range: Range<Int> { Int(start)..<Int(end) }
    }

    /// From here on a heap finds the next pair; below, looking at all pairs is faster, and bounded.
    private static let longWordLength = 48
    private static let noRank = UInt32.max

    /// The token of each byte, where there is one.
    private let byteTokens: [TokenID?]
    private let merges: MergeTable
    /// The tokens that are taken whole before any merging, if the tokenizer does that.
    private let wholeWords: Vocabulary?

    /// - Throws: `missingByteToken`, `unknownMergeToken`.
    init(_ definition: TokenizerDefinition, vocabulary: Vocabulary) throws(TokenizationError) {
        byteTokens = (UInt8.min...UInt8.max).map { vocabulary.identifier(of: [$0]) }
        // Real vocabularies lack some bytes (SmolLM2's lacks six control characters), so only these are demanded.
        for byte in UInt8(0x20)...0x7E where byteTokens[Int(byte)] == nil {
            throw .missingByteToken(byte: byte)
        }
        wholeWords = definition.ignoresMerges ? vocabulary : nil
        var merges = MergeTable(capacity: definition.merges.count)
        for (index, merge) in definition.merges.enumerated() {
            var bytes: [UInt8] = []
            let isSpelled = ByteLevelAlphabet.appendBytes(spelledBy: merge.left, to: &bytes)
            let middle = bytes.count
            guard isSpelled, let left = vocabulary.identifier(of: bytes[...]) else {
                throw .unknownMergeToken(index: index, token: merge.left)
            }
            guard ByteLevelAlphabet.appendBytes(spelledBy: merge.right, to: &bytes),
                let right = vocabulary.identifier(of: bytes[middle...])
            else { throw .unknownMergeToken(index: index, token: merge.right) }
            guard let result = vocabulary.identifier(of: bytes[...]) else {
                throw .unknownMergeToken(index: index, token: merge.left + merge.right)
            }
            // Of a merge that is listed twice the last counts, as in Hugging Face's tokenizers.
            merges.set(.init(rank: UInt32(index), result: result), for: left, right)
        }
        self.merges = merges
    }

    /// Appends the tokens of one pre-token.
    ///
    /// Bytes that the vocabulary lacks are left out before merging, as in Hugging Face's tokenizers.
    /// - Complexity: O(n log n) in the length of the range.
    func encode(_ bytes: [UInt8], in range: Range<Int>, to symbols: inout [Symbol]) {
        if let wholeWords, let identifier = wholeWords.identifier(of: bytes[range]) {
            symbols.append(Symbol(identifier: identifier, range: range))
            return
        }
        let first = symbols.count
        for offset in range {
            if let identifier = byteTokens[Int(bytes[offset])] {
                symbols.append(Symbol(identifier: identifier, range: offset..<(offset + 1)))
            }
        }
        if symbols.count - first < Self.longWordLength {
            mergeShortWord(&symbols, from: first)
        } else {
            mergeLongWord(&symbols, from: first)
        }
    }

    private func rank(_ left: Symbol, _ right: Symbol) -> UInt32 {
        merges[left.identifier, right.identifier]?.rank ?? Self.noRank
    }

    /// Merges in place, by looking through all ranks before each merge.
    private func mergeShortWord(_ symbols: inout [Symbol], from first: Int) {
        guard symbols.count - first > 1 else { return }
        // The rank of each symbol with its right neighbour.
        var ranks = (first..<(symbols.count - 1)).map { rank(symbols[$0], symbols[$0 + 1]) }
        while let lowest = ranks.min(), lowest != Self.noRank, let pair = ranks.firstIndex(of: lowest) {
            let left = first + pair
            guard let merge = merges[symbols[left].identifier, symbols[left + 1].identifier] else { return }
            symbols[left].identifier = merge.result
            symbols[left].end = symbols[left + 1].end
            symbols.remove(at: left + 1)
            ranks.remove(at: pair)
            if pair > 0 {
                ranks[pair - 1] = rank(symbols[left - 1], symbols[left])
            }
            if pair < ranks.count {
                ranks[pair] = rank(symbols[left], symbols[left + 1])
            }
        }
    }

    /// Merges in a linked list, with a heap of the pairs.
    private func mergeLongWord(_ symbols: inout [Symbol], from first: Int) {
        let end = symbols.count
        // The neighbours and the rank with the right neighbour of the symbol at `first` + index.
        var next = (first..<end).map { UInt32($0 + 1) }
        var previous = (first..<end).map { UInt32(max($0, 1) - 1) }
        var ranks = (first..<end).map { $0 + 1 < end ? rank(symbols[$0], symbols[$0 + 1]) : Self.noRank }
        // Rank in the high half, position in the low: the order of the keys is the order of merging. Entries that no
        // longer agree with `ranks` are passed over.
        func key(_ position: Int) -> UInt64 { UInt64(ranks[position - first]) << 32 | UInt64(position) }
        var heap = Heap((first..<end).filter { ranks[$0 - first] != Self.noRank }.map(key))

        while let entry = heap.popMin() {
            let left = Int(entry & 0xFFFF_FFFF)
            guard ranks[left - first] == UInt32(entry >> 32) else { continue }
            let right = Int(next[left - first])
            guard let merge = merges[symbols[left].identifier, symbols[right].identifier] else { continue }
            symbols[left].identifier = merge.result
            symbols[left].end = symbols[right].end
            ranks[right - first] = Self.noRank
            let following = Int(next[right - first])
            next[left - first] = UInt32(following)
            if following < end {
                previous[following - first] = UInt32(left)
                ranks[left - first] = rank(symbols[left], symbols[following])
                if ranks[left - first] != Self.noRank { heap.insert(key(left)) }
            } else {
                ranks[left - first] = Self.noRank
            }
            if left > first {
                let preceding = Int(previous[left - first])
                ranks[preceding - first] = rank(symbols[preceding], symbols[left])
                if ranks[preceding - first] != Self.noRank { heap.insert(key(preceding)) }
            }
        }

        var count = first
        var position = first
        while position < end {
            symbols[count] = symbols[position]
            count += 1
            position = Int(next[position - first])
        }
        symbols.removeSubrange(count...)
    }
}
