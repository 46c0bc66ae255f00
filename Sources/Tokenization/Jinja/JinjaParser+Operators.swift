/// Operators, from the loosest binding to the tightest.
extension JinjaParser {
    /// An expression, inline `if` included.
    mutating func parseExpression() throws(ChatTemplateError) -> JinjaExpression {
        try enter()
        defer { leave() }
        var expression = try parseOr()
        while current == .name("if") {
            let line = self.line
            advance()
            let condition = try parseOr()
            var otherwise: JinjaExpression?
            if consume(.name("else")) {
                otherwise = try parseExpression()
            }
            expression = try make(
                .conditional(expression, condition: condition, otherwise: otherwise), line: line,
                over: [expression, condition, otherwise])
        }
        return expression
    }

    /// `a or b`
    mutating func parseOr() throws(ChatTemplateError) -> JinjaExpression {
        var expression = try parseAnd()
        while current == .name("or") {
            let line = self.line
            advance()
            let right = try parseAnd()
            expression = try make(.or(expression, right), line: line, over: [expression, right])
        }
        return expression
    }

    private mutating func parseAnd() throws(ChatTemplateError) -> JinjaExpression {
        var expression = try parseNot()
        while current == .name("and") {
            let line = self.line
            advance()
            let right = try parseNot()
            expression = try make(.and(expression, right), line: line, over: [expression, right])
        }
        return expression
    }

    private mutating func parseNot() throws(ChatTemplateError) -> JinjaExpression {
        guard current == .name("not") else { return try parseComparison() }
        try enter()
        defer { leave() }
        let line = self.line
        advance()
        let operand = try parseNot()
        return try make(.not(operand), line: line, over: [operand])
    }

    private mutating func parseComparison() throws(ChatTemplateError) -> JinjaExpression {
        let line = self.line
        let first = try parseSum()
        var comparisons: [JinjaComparison] = []
        while let comparator = try parseComparator() {
            comparisons.append(JinjaComparison(comparator: comparator, operand: try parseSum()))
        }
        guard !comparisons.isEmpty else { return first }
        return try make(.comparison(first, comparisons), line: line, over: [first] + comparisons.map(\.operand))
    }

    private mutating func parseComparator() throws(ChatTemplateError) -> JinjaComparison.Operator? {
        switch current {
        case .symbol(let symbol):
            guard let comparator = JinjaComparison.Operator(rawValue: symbol.rawValue) else { return nil }
            advance()
            return comparator
        case .name("in"):
            advance()
            return .contained
        case .name("not"):
            advance()
            try expect(.name("in"))
            return .notContained
        default:
            return nil
        }
    }

    private mutating func parseSum() throws(ChatTemplateError) -> JinjaExpression {
        var expression = try parseConcatenation()
        while let (operation, line) = try consumeArithmetic([.plus, .minus]) {
            let right = try parseConcatenation()
            expression = try make(.arithmetic(operation, expression, right), line: line, over: [expression, right])
        }
        return expression
    }

    private mutating func parseConcatenation() throws(ChatTemplateError) -> JinjaExpression {
        var expression = try parseProduct()
        while let (operation, line) = try consumeArithmetic([.tilde]) {
            let right = try parseProduct()
            expression = try make(.arithmetic(operation, expression, right), line: line, over: [expression, right])
        }
        return expression
    }

    private mutating func parseProduct() throws(ChatTemplateError) -> JinjaExpression {
        var expression = try parseUnary(allowsFilter: true)
        while let (operation, line) = try consumeArithmetic([.times, .divide, .floorDivide, .modulo, .power]) {
            let right = try parseUnary(allowsFilter: true)
            expression = try make(.arithmetic(operation, expression, right), line: line, over: [expression, right])
        }
        return expression
    }

    private mutating func consumeArithmetic(_ symbols: [JinjaSymbol]) throws(ChatTemplateError)
        -> (operation: JinjaArithmetic, line: Int)?
    {
        guard case .symbol(let symbol) = current, symbols.contains(symbol) else { return nil }
        guard let operation = JinjaArithmetic(rawValue: symbol.rawValue) else {
            throw .unsupported(line: line, construct: "the operator '\(symbol.rawValue)'")
        }
        let line = self.line
        advance()
        return (operation, line)
    }

    /// A sign, an operand, and what follows it. As in jinja2, filters and tests after a signed operand take the sign
    /// along, attributes do not.
    private mutating func parseUnary(allowsFilter: Bool) throws(ChatTemplateError) -> JinjaExpression {
        var expression: JinjaExpression
        if current == .symbol(.minus) {
            try enter()
            defer { leave() }
            let line = self.line
            advance()
            let operand = try parseUnary(allowsFilter: false)
            expression = try make(.negative(operand), line: line, over: [operand])
        } else if current == .symbol(.plus) {
            throw .unsupported(line: line, construct: "the sign '+'")
        } else {
            expression = try parsePostfix(try parsePrimary())
        }
        if allowsFilter {
            expression = try parseFiltersAndTests(expression)
        }
        return expression
    }
}
