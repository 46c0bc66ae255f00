/// Cuts a template's source into tokens: text and tags, with jinja2's white space control.
///
/// As Hugging Face configures jinja2: a newline after a block or comment is removed (`trim_blocks`), white space between
/// the start of a line and a block or comment as well (`lstrip_blocks`), and one newline at the very end.
struct JinjaLexer {
    /// Line endings normalised to `\n`, as jinja2 does.
    let source: [UInt8]
    var position = 0
    private(set) var line = 1
    private var tokens: [JinjaToken] = []

    /// The tokens of `source`; the last one is `endOfTemplate`.
    ///
    /// - Throws: `syntax` or `unsupported`.
    static func tokenize(_ source: String) throws(ChatTemplateError) -> [JinjaToken] {
        var lexer = JinjaLexer(source: source)
        try lexer.run()
        return lexer.tokens
    }

    private init(source: String) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.utf8.count)
        var previous: UInt8 = 0
        for byte in source.utf8 {
            if byte == .carriageReturn {
                bytes.append(.newline)
            } else if byte != .newline || previous != .carriageReturn {
                bytes.append(byte)
            }
            previous = byte
        }
        if bytes.last == .newline {
            bytes.removeLast()
        }
        self.source = bytes
    }

    private enum Tag {
        case block, output, comment
    }

    private mutating func run() throws(ChatTemplateError) {
        var startsLine = true
        while let (start, tag) = nextTag() {
            var data = source[position..<start]
            let dataLine = line
            advance(to: start + 2)
            if consume("-") {
                data = data.droppingTrailing(\.isPythonWhitespace)
            } else if !consume("+"), tag != .output {
                data = Self.droppingIndentation(of: data, startsLine: startsLine)
            }
            emit(data, line: dataLine)
            switch tag {
            case .block:
                append(.blockBegin)
                startsLine = try runTag(closing: "%}", kind: .blockEnd)
            case .output:
                append(.outputBegin)
                startsLine = try runTag(closing: "}}", kind: .outputEnd)
            case .comment:
                startsLine = try skipComment()
            }
        }
        emit(source[position...], line: line)
        advance(to: source.count)
        append(.endOfTemplate)
    }

    /// The next `{%`, `{{` or `{#`.
    private func nextTag() -> (start: Int, tag: Tag)? {
        var index = position
        while let brace = source[index...].firstIndex(of: UInt8(ascii: "{")), brace + 1 < source.count {
            switch source[brace + 1] {
            case UInt8(ascii: "%"): return (brace, .block)
            case UInt8(ascii: "{"): return (brace, .output)
            case UInt8(ascii: "#"): return (brace, .comment)
            default: index = brace + 1
            }
        }
        return nil
    }

    /// Without the white space between the start of the line and a tag, if nothing else stands there.
    private static func droppingIndentation(of data: ArraySlice<UInt8>, startsLine: Bool) -> ArraySlice<UInt8> {
        let newline = data.lastIndex(of: .newline)
        guard newline != nil || startsLine else { return data }
        let indentation = data[(newline.map { $0 + 1 } ?? data.startIndex)...]
        return indentation.droppingLeading(\.isPythonWhitespace).isEmpty ? data[..<indentation.startIndex] : data
    }

    private mutating func emit(_ data: ArraySlice<UInt8>, line: Int) {
        if !data.isEmpty {
            tokens.append(JinjaToken(kind: .data(Array(data)), line: line))
        }
    }

    /// Tokens up to the end of the tag. Returns whether what follows starts a line.
    private mutating func runTag(closing: String, kind: JinjaToken.Kind) throws(ChatTemplateError) -> Bool {
        var open: [JinjaSymbol] = []
        while true {
            skipWhitespace()
            if open.isEmpty, let startsLine = close(closing, isOutput: kind == .outputEnd, kind: kind) {
                return startsLine
            }
            let token = try nextToken(closing: closing)
            if case .symbol(let symbol) = token {
                if let expected = symbol.closing {
                    open.append(expected)
                } else if symbol.isClosing, open.popLast() != symbol {
                    throw .syntax(line: line, found: token.description, expected: "balanced brackets")
                }
            }
        }
    }

    /// Consumes a comment. Returns whether what follows starts a line.
    private mutating func skipComment() throws(ChatTemplateError) -> Bool {
        let start = line
        while position < source.count {
            if let startsLine = close("#}", isOutput: false, kind: nil) {
                return startsLine
            }
            advance(to: position + 1)
        }
        throw .syntax(line: start, found: "the end of the template", expected: "'#}'")
    }

    /// Consumes the end of a tag if it stands here, with the white space that it takes along. Returns whether what
    /// follows starts a line, or nil if this is not the end.
    private mutating func close(_ closing: String, isOutput: Bool, kind: JinjaToken.Kind?) -> Bool? {
        let strips = looksAt("-" + closing)
        guard strips || looksAt(closing) || (!isOutput && looksAt("+" + closing)) else { return nil }
        let keeps = looksAt("+")
        if let kind {
            append(kind)
        }
        advance(to: position + (strips || keeps ? 3 : 2))
        if strips {
            skipWhitespace()
            return source[..<position].last == .newline
        }
        return !isOutput && !keeps && consume("\n")
    }
}

/// The cursor.
extension JinjaLexer {
    /// Adds a token at the current line.
    mutating func append(_ kind: JinjaToken.Kind) {
        tokens.append(JinjaToken(kind: kind, line: line))
    }

    /// Whether the source continues with `text`.
    func looksAt(_ text: String) -> Bool {
        source[position...].starts(with: text.utf8)
    }

    /// Moves past `text` if the source continues with it.
    mutating func consume(_ text: String) -> Bool {
        guard looksAt(text) else { return false }
        advance(to: position + text.utf8.count)
        return true
    }

    /// Moves on, counting lines.
    mutating func advance(to end: Int) {
        for byte in source[position..<end] where byte == .newline {
            line += 1
        }
        position = end
    }

    /// Moves past white space.
    mutating func skipWhitespace() {
        advance(to: source[position...].droppingLeading(\.isPythonWhitespace).startIndex)
    }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
}
