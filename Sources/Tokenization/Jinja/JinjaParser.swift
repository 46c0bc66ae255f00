/// Parses a template's tokens into statements, and refuses what the subset lacks.
struct JinjaParser {
    /// Blocks and brackets within each other; published templates stay below 10.
    static let maximumNesting = 32
    /// The height of an expression's tree, chains of operators included; published templates stay below 20.
    static let maximumExpressionDepth = 100

    private let tokens: [JinjaToken]
    private var index = 0
    private var nesting = 0
    private var loopCount = 0

    /// Creates a parser of what `JinjaLexer` made: the last token is `endOfTemplate`.
    init(tokens: [JinjaToken]) {
        precondition(tokens.last?.kind == .endOfTemplate, "the tokens end with endOfTemplate")
        self.tokens = tokens
    }

    /// The template's statements.
    ///
    /// - Throws: `syntax`, `unsupported` or `nestingTooDeep`.
    mutating func parseTemplate() throws(ChatTemplateError) -> [JinjaStatement] {
        try parseStatements(until: [], opening: "")
    }

    /// Whether a `for` encloses the current place.
    var isInLoop: Bool { loopCount > 0 }

    /// Statements up to a block that begins with one of `terminators`, whose name is then the current token; without
    /// terminators, to the end.
    private mutating func parseStatements(until terminators: [String], opening: String) throws(ChatTemplateError)
        -> [JinjaStatement]
    {
        try enter()
        defer { leave() }
        var statements: [JinjaStatement] = []
        while true {
            let line = self.line
            switch current {
            case .data(let bytes):
                advance()
                statements.append(.data(MarkedText(bytes: bytes), line: line))
            case .outputBegin:
                advance()
                let expression = try parseExpression()
                try expect(.outputEnd)
                statements.append(.output(expression))
            case .blockBegin:
                advance()
                guard case .name(let name) = current else {
                    throw unexpected("the name of a statement")
                }
                if terminators.contains(name) {
                    return statements
                }
                statements.append(try parseStatement(name))
            default:
                guard terminators.isEmpty else {
                    throw unexpected("'{% \(terminators.last ?? "") %}' for the '{% \(opening) %}'")
                }
                return statements
            }
        }
    }

    private mutating func parseStatement(_ name: String) throws(ChatTemplateError) -> JinjaStatement {
        switch name {
        case "if": return try parseIf()
        case "for": return try parseFor()
        case "set": return try parseSet()
        case "elif", "else", "endif", "endfor", "endset":
            throw unexpected("a statement")
        default:
            throw .unsupported(line: line, construct: "the statement '\(name)'")
        }
    }

    private mutating func parseIf() throws(ChatTemplateError) -> JinjaStatement {
        var branches: [JinjaBranch] = []
        while true {
            let isElse = current == .name("else")
            advance()
            if isElse {
                try expect(.blockEnd)
                let otherwise = try parseStatements(until: ["endif"], opening: "if")
                advance()
                try expect(.blockEnd)
                return .branch(branches, otherwise: otherwise)
            }
            let condition = try parseOr()
            try expect(.blockEnd)
            let body = try parseStatements(until: ["elif", "else", "endif"], opening: "if")
            branches.append(JinjaBranch(condition: condition, body: body))
            if consume(.name("endif")) {
                try expect(.blockEnd)
                return .branch(branches, otherwise: [])
            }
        }
    }

    private mutating func parseFor() throws(ChatTemplateError) -> JinjaStatement {
        advance()
        var variables = [try parseTarget()]
        while consume(.symbol(.comma)) {
            variables.append(try parseTarget())
        }
        try expect(.name("in"))
        let sequence = try parseOr()
        if current == .name("if") || current == .name("recursive") {
            throw .unsupported(line: line, construct: "a 'for' with \(current)")
        }
        try expect(.blockEnd)
        loopCount += 1
        defer { loopCount -= 1 }
        let body = try parseStatements(until: ["else", "endfor"], opening: "for")
        if current == .name("else") {
            throw .unsupported(line: line, construct: "a 'for' with 'else'")
        }
        advance()
        try expect(.blockEnd)
        return .loop(variables: variables, sequence: sequence, body: body)
    }

    private mutating func parseSet() throws(ChatTemplateError) -> JinjaStatement {
        advance()
        let variable = try parseTarget()
        var attribute: String?
        if consume(.symbol(.dot)) {
            attribute = try parseName("an attribute of a namespace")
        }
        if current == .blockEnd || current == .symbol(.pipe) || current == .symbol(.comma) {
            throw .unsupported(line: line, construct: "a 'set' without one name and '='")
        }
        try expect(.symbol(.assign))
        let value = try parseExpression()
        try expect(.blockEnd)
        if let attribute {
            return .assignAttribute(namespace: variable, attribute: attribute, value: value)
        }
        return .assign(variable: variable, value: value)
    }

    /// A name that may be assigned to.
    private mutating func parseTarget() throws(ChatTemplateError) -> String {
        let line = self.line
        let name = try parseName("a variable")
        let constants: Set = ["true", "True", "false", "False", "none", "None", "loop"]
        if constants.contains(name) || JinjaFunction(rawValue: name) != nil {
            throw .unsupported(line: line, construct: "an assignment to '\(name)'")
        }
        return name
    }
}

/// The cursor.
extension JinjaParser {
    /// The token to parse next.
    var current: JinjaToken.Kind { tokens[index].kind }

    /// The line of the token to parse next.
    var line: Int { tokens[index].line }

    /// Moves on; the end of the template is never passed.
    mutating func advance() {
        index = min(index + 1, tokens.count - 1)
    }

    /// Moves past `kind` if it stands here.
    mutating func consume(_ kind: JinjaToken.Kind) -> Bool {
        guard current == kind else { return false }
        advance()
        return true
    }

    /// Moves past `kind`.
    mutating func expect(_ kind: JinjaToken.Kind) throws(ChatTemplateError) {
        guard consume(kind) else {
            throw unexpected(kind.description)
        }
    }

    /// Moves past a name and returns it.
    mutating func parseName(_ expected: String) throws(ChatTemplateError) -> String {
        guard case .name(let name) = current else {
            throw unexpected(expected)
        }
        advance()
        return name
    }

    /// The error for a token that does not fit here.
    func unexpected(_ expected: String) -> ChatTemplateError {
        .syntax(line: line, found: current.description, expected: expected)
    }

    /// Counts a level of nesting; `leave` ends it.
    mutating func enter() throws(ChatTemplateError) {
        guard nesting < Self.maximumNesting else {
            throw .nestingTooDeep(line: line, limit: Self.maximumNesting)
        }
        nesting += 1
    }

    /// Ends a level of nesting.
    mutating func leave() {
        nesting -= 1
    }

    /// An expression over `operands`.
    func make(_ kind: JinjaExpression.Kind, line: Int, over operands: [JinjaExpression?] = [])
        throws(ChatTemplateError) -> JinjaExpression
    {
        let depth = 1 + (operands.compactMap { $0?.depth }.max() ?? 0)
        guard depth <= Self.maximumExpressionDepth else {
            throw .nestingTooDeep(line: line, limit: Self.maximumExpressionDepth)
        }
        return JinjaExpression(kind: kind, line: line, depth: depth)
    }
}
