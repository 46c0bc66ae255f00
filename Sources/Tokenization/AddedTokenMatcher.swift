/// Finds added tokens in text: the leftmost first, and of those that begin at one place the longest.
struct AddedTokenMatcher: Sendable {
    /// One token found.
    struct Match: Equatable {
        var range: Range<Int>
        var identifier: TokenID
    }

    private struct Terminal {
        var identifier: TokenID
        var isControl: Bool
    }

    /// A prefix tree: from a node's number and a byte (the low eight bits) to the number of the next node. The root is 0.
    private var edges: [UInt64: UInt64] = [:]
    /// The token that ends at a node.
    private var terminals: [UInt64: Terminal] = [:]
    /// Bytes that begin a token: most places in a text are passed over by this alone.
    private var beginsToken = [Bool](repeating: false, count: 256)

    /// Empty contents are never found.
    init(_ tokens: some Sequence<TokenizerDefinition.AddedToken>) {
        var nodeCount: UInt64 = 1
        for token in tokens {
            guard let first = token.content.utf8.first else { continue }
            beginsToken[Int(first)] = true
            var node: UInt64 = 0
            for byte in token.content.utf8 {
                let edge = node << 8 | UInt64(byte)
                if let next = edges[edge] {
                    node = next
                } else {
                    edges[edge] = nodeCount
                    node = nodeCount
                    nodeCount += 1
                }
            }
            terminals[node] = Terminal(identifier: TokenID(token.identifier), isControl: token.isControl)
        }
    }

    var isEmpty: Bool { terminals.isEmpty }

    /// The tokens in a range of the text, in order and without overlap.
    ///
    /// - Parameter plainTextRange: Control tokens that overlap it are not found.
    func matches(in bytes: [UInt8], range: Range<Int>, plainTextRange: Range<Int>?) -> [Match] {
        guard !isEmpty else { return [] }
        var matches: [Match] = []
        var position = range.lowerBound
        while position < range.upperBound {
            if beginsToken[Int(bytes[position])],
                let match = longestMatch(in: bytes, at: position, end: range.upperBound, plainTextRange: plainTextRange)
            {
                matches.append(match)
                position = match.range.upperBound
            } else {
                position += 1
            }
        }
        return matches
    }

    private func longestMatch(in bytes: [UInt8], at start: Int, end: Int, plainTextRange: Range<Int>?) -> Match? {
        var node: UInt64 = 0
        var longest: Match?
        for position in start..<end {
            guard let next = edges[node << 8 | UInt64(bytes[position])] else { break }
            node = next
            guard let terminal = terminals[node] else { continue }
            let range = start..<(position + 1)
            let isPlainText = terminal.isControl && plainTextRange.map { range.overlaps($0) } ?? false
            if !isPlainText {
                longest = Match(range: range, identifier: terminal.identifier)
            }
        }
        return longest
    }
}
