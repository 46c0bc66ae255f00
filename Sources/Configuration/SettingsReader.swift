/// Reads settings line by line. Pure; time and memory grow with the text alone.
struct SettingsReader {
    private struct Pending {
        let key: String
        let position: FilePosition
        var values: [String] = []
        /// That of the first dash.
        var indentation: Int?
    }

    private let path: String
    private var line = 0
    private var entries: [ConfigurationFile.Entry] = []
    private var positions: [String: FilePosition] = [:]
    /// A key whose values are in the lines that follow.
    private var pending: Pending?
    private var hasBegun = false

    init(path: String) {
        self.path = path
    }

    /// Reads a line without its end.
    mutating func read(_ text: ArraySlice<Unicode.Scalar>) throws(ConfigurationError) {
        line += 1
        var scanner = ScalarScanner(text: text, path: path, line: line)
        try scanner.refuseControlCharacters()
        let indentation = scanner.skipSpaces()
        guard !scanner.isAtEndOrComment else { return }
        if scanner.next == "\t" { throw scanner.error("a tab cannot indent a line") }
        if indentation == 0, scanner.restIs("---"), !hasBegun {
            hasBegun = true
            return
        }
        hasBegun = true
        if scanner.nextIsDash {
            try readItem(&scanner, indentation: indentation)
        } else {
            guard indentation == 0 else { throw scanner.error("expected a key at the beginning of the line") }
            try endList()
            try readKey(&scanner)
        }
    }

    /// All that was read.
    mutating func finish() throws(ConfigurationError) -> [ConfigurationFile.Entry] {
        try endList()
        return entries
    }

    private mutating func readKey(_ scanner: inout ScalarScanner) throws(ConfigurationError) {
        let position = scanner.position
        let key = try scanner.key()
        if let first = positions[key] { throw .repeatedKey(path: path, position, key: key, first: first) }
        positions[key] = position
        scanner.skipSpaces()
        if scanner.isAtEndOrComment {
            pending = Pending(key: key, position: position)
        } else if scanner.next == "[" {
            add(key, try scanner.flowList(), isList: true, position)
        } else {
            add(key, [try scanner.lastScalar()], isList: false, position)
        }
    }

    private mutating func readItem(_ scanner: inout ScalarScanner, indentation: Int) throws(ConfigurationError) {
        guard var list = pending else { throw scanner.error("a list needs a key before it") }
        if let first = list.indentation, first != indentation {
            throw scanner.error("expected a dash in column \(first + 1), as in the lines before")
        }
        scanner.skipDash()
        scanner.skipSpaces()
        if scanner.isAtEndOrComment { throw scanner.error("expected a value after the dash") }
        list.values.append(try scanner.lastScalar())
        list.indentation = indentation
        pending = list
    }

    private mutating func endList() throws(ConfigurationError) {
        guard let list = pending else { return }
        pending = nil
        guard list.indentation != nil else {
            throw .syntax(
                path: path, list.position, reason: "'\(list.key)' has no value; leave the key out, or write \"\"")
        }
        add(list.key, list.values, isList: true, list.position)
    }

    private mutating func add(_ key: String, _ values: [String], isList: Bool, _ position: FilePosition) {
        entries.append(ConfigurationFile.Entry(key: key, values: values, isList: isList, position: position))
    }
}
