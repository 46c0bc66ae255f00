/// Reads one line of a file of settings from left to right.
struct ScalarScanner {
    private let path: String
    private let line: Int
    private let text: ArraySlice<Unicode.Scalar>
    private var index: Int

    init(text: ArraySlice<Unicode.Scalar>, path: String, line: Int) {
        self.text = text
        self.path = path
        self.line = line
        index = text.startIndex
    }

    // MARK: Where it is

    var next: Unicode.Scalar? { index < text.endIndex ? text[index] : nil }

    var position: FilePosition { FilePosition(line: line, column: index - text.startIndex + 1) }

    func error(_ reason: String) -> ConfigurationError { .syntax(path: path, position, reason: reason) }

    /// A comment begins the line, or has a space before it.
    var isAtEndOrComment: Bool {
        guard let next else { return true }
        return next == "#" && (index == text.startIndex || Self.isBlank(text[index - 1]))
    }

    /// A dash of a list: with a space after it, or the line's end.
    var nextIsDash: Bool {
        next == "-" && (index + 1 == text.endIndex || Self.isBlank(text[index + 1]))
    }

    /// Whether nothing else follows, but blanks and a comment.
    func restIs(_ expected: String) -> Bool {
        guard text[index...].starts(with: expected.unicodeScalars) else { return false }
        var rest = self
        rest.index += expected.unicodeScalars.count
        guard rest.next.map(Self.isBlank) ?? true else { return false }
        rest.skipSpaces()
        return rest.isAtEndOrComment
    }

    /// YAML 1.2.2, section 5.1: a text has no control characters but tab.
    func refuseControlCharacters() throws(ConfigurationError) {
        var scanner = self
        while let next = scanner.next {
            if (next.value < 0x20 && next != "\t") || (0x7F..<0xA0).contains(next.value) || next.value == 0xFEFF {
                throw scanner.error("a control character cannot stand here; in quotation marks write \\xNN")
            }
            scanner.index += 1
        }
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

    // MARK: Going on

    /// Blanks at the beginning of a line are spaces alone.
    @discardableResult
    mutating func skipSpaces() -> Int {
        let start = index
        while let next, next == " " || (next == "\t" && start > text.startIndex) { index += 1 }
        return index - start
    }

    mutating func skipDash() {
        index += 1
    }

    /// A key and the colon after it.
    mutating func key() throws(ConfigurationError) -> String {
        let start = index
        while let next, next.isASCII,
            next.properties.isAlphabetic
                || (index > start && (("0"..."9").contains(next) || next == "-" || next == "_"))
        {
            index += 1
        }
        guard index > start else {
            throw error("expected the name of an option, and a colon")
        }
        let key = String(String.UnicodeScalarView(text[start..<index]))
        guard next == ":" else { throw error("expected a colon after '\(key)'") }
        index += 1
        guard next.map(Self.isBlank) ?? true else { throw error("expected a space after the colon") }
        return key
    }

    /// A scalar that ends with its line.
    mutating func lastScalar() throws(ConfigurationError) -> String {
        let value = try scalar(inList: false)
        skipSpaces()
        guard isAtEndOrComment else { throw error("expected the end of the line after the value") }
        return value
    }

    /// `[a, "b"]`, which ends with its line.
    mutating func flowList() throws(ConfigurationError) -> [String] {
        var values: [String] = []
        index += 1
        skipSpaces()
        while next != "]" {
            values.append(try scalar(inList: true))
            skipSpaces()
            if next == "," {
                index += 1
                skipSpaces()
            } else if next != "]" {
                throw error("expected ',' or ']' in the list, which must end in its line")
            }
        }
        index += 1
        skipSpaces()
        guard isAtEndOrComment else { throw error("expected the end of the line after the list") }
        return values
    }

    // MARK: Scalars

    private mutating func scalar(inList: Bool) throws(ConfigurationError) -> String {
        switch next {
        case "\"": return try doubleQuoted()
        case "'": return try singleQuoted()
        default: return try plain(inList: inList)
        }
    }

    /// YAML 1.2.2, section 7.3.3, in one line.
    private mutating func plain(inList: Bool) throws(ConfigurationError) -> String {
        try refuseIndicator()
        let start = index
        var end = index
        while let next, !isAtEndOrComment {
            if inList, ",[]{}".unicodeScalars.contains(next) { break }
            if next == ":" {
                let following = index + 1 < text.endIndex ? text[index + 1] : " "
                guard !Self.isBlank(following), !inList || !",[]{}".unicodeScalars.contains(following) else {
                    throw error("a value with ': ' must stand in quotation marks")
                }
            }
            index += 1
            if !Self.isBlank(next) { end = index }
        }
        let value = String(String.UnicodeScalarView(text[start..<end]))
        guard !["", "~", "null", "Null", "NULL"].contains(value) else {
            index = start
            throw error("expected a value; where '\(value)' is meant, write it in quotation marks")
        }
        return value
    }

    private func refuseIndicator() throws(ConfigurationError) {
        guard let next else { return }
        switch next {
        case "&", "*": throw error("anchors and aliases are not read; a value that begins so needs quotation marks")
        case "!": throw error("tags are not read; a value that begins so needs quotation marks")
        case "|", ">": throw error("texts over several lines are not read; write \"…\\n…\" in quotation marks")
        case "{": throw error("maps are not read; a value that begins so needs quotation marks")
        case "[": throw error("lists in lists are not read; a value that begins so needs quotation marks")
        case "]", "}", ",", "#", "%", "@", "`": throw error("a value that begins with '\(next)' needs quotation marks")
        case "-", "?", ":":
            guard index + 1 < text.endIndex, !Self.isBlank(text[index + 1]) else {
                throw error("a value that begins with '\(next) ' needs quotation marks")
            }
        default: break
        }
    }

    /// YAML 1.2.2, section 7.3.2.
    private mutating func singleQuoted() throws(ConfigurationError) -> String {
        var value = String.UnicodeScalarView()
        index += 1
        while let next {
            index += 1
            guard next == "'" else {
                value.append(next)
                continue
            }
            guard self.next == "'" else { return String(value) }
            value.append("'")
            index += 1
        }
        throw error("the quotation mark is not closed in its line")
    }

    /// YAML 1.2.2, section 7.3.1, in one line.
    private mutating func doubleQuoted() throws(ConfigurationError) -> String {
        var value = String.UnicodeScalarView()
        index += 1
        while let next {
            if next == "\"" {
                index += 1
                return String(value)
            }
            value.append(next == "\\" ? try escape() : next)
            if next != "\\" { index += 1 }
        }
        throw error("the quotation mark is not closed in its line")
    }

    private mutating func escape() throws(ConfigurationError) -> Unicode.Scalar {
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "\"": "\"", "\\": "\\", "/": "/", " ": " ", "n": "\n", "t": "\t", "r": "\r", "0": "\0",
        ]
        let digitCounts: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]
        let letter = index + 1 < text.endIndex ? text[index + 1] : "\\"
        if index + 1 < text.endIndex, let scalar = simple[letter] {
            index += 2
            return scalar
        }
        let digits = text[min(index + 2, text.endIndex)...].prefix(digitCounts[letter] ?? 0)
        guard let count = digitCounts[letter], digits.count == count, digits.allSatisfy(\.properties.isASCIIHexDigit),
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16), let scalar = Unicode.Scalar(value)
        else {
            throw error("unknown escape; there are \\\" \\\\ \\/ \\n \\t \\r \\0 \\xNN \\uNNNN \\UNNNNNNNN")
        }
        index += 2 + count
        return scalar
    }
}
