/// Literals, names, attributes, elements, calls, filters and tests.
extension JinjaParser {
    /// A literal, a name, or an expression in brackets.
    mutating func parsePrimary() throws(ChatTemplateError) -> JinjaExpression {
        let line = self.line
        switch current {
        case .name(let name):
            advance()
            return try parseNamed(name, line: line)
        case .text(var bytes):
            advance()
            while case .text(let more) = current {
                advance()
                bytes += more
            }
            return try make(.literal(.text(MarkedText(bytes: bytes))), line: line)
        case .integer(let value):
            advance()
            return try make(.literal(.integer(value)), line: line)
        case .symbol(.parenthesisOpen):
            advance()
            if current == .symbol(.parenthesisClose) {
                throw .unsupported(line: line, construct: "a tuple")
            }
            let expression = try parseExpression()
            if current == .symbol(.comma) {
                throw .unsupported(line: line, construct: "a tuple")
            }
            try expect(.symbol(.parenthesisClose))
            return expression
        case .symbol(.bracketOpen):
            advance()
            var elements: [JinjaExpression] = []
            while !consume(.symbol(.bracketClose)) {
                elements.append(try parseExpression())
                try separate(before: .bracketClose)
            }
            return try make(.list(elements), line: line, over: elements)
        case .symbol(.braceOpen):
            advance()
            var pairs: [JinjaPair] = []
            while !consume(.symbol(.braceClose)) {
                let key = try parseExpression()
                try expect(.symbol(.colon))
                pairs.append(JinjaPair(key: key, value: try parseExpression()))
                try separate(before: .braceClose)
            }
            return try make(.dictionary(pairs), line: line, over: pairs.map(\.key) + pairs.map(\.value))
        default:
            throw unexpected("an expression")
        }
    }

    /// A comma, unless the list ends here.
    private mutating func separate(before end: JinjaSymbol) throws(ChatTemplateError) {
        if current != .symbol(end) {
            try expect(.symbol(.comma))
        }
    }

    private mutating func parseNamed(_ name: String, line: Int) throws(ChatTemplateError) -> JinjaExpression {
        switch name {
        case "true", "True": return try make(.literal(.boolean(true)), line: line)
        case "false", "False": return try make(.literal(.boolean(false)), line: line)
        case "none", "None": return try make(.literal(.none), line: line)
        case "loop":
            guard isInLoop, consume(.symbol(.dot)) else {
                throw .unsupported(line: line, construct: "'loop' as a value")
            }
            let attribute = try parseName("an attribute of 'loop'")
            guard let known = JinjaLoopAttribute(rawValue: attribute) else {
                throw .unsupported(line: line, construct: "'loop.\(attribute)'")
            }
            return try make(.loopAttribute(known), line: line)
        default:
            guard current == .symbol(.parenthesisOpen) else {
                return try make(.variable(name), line: line)
            }
            guard let function = JinjaFunction(rawValue: name) else {
                throw .unsupported(line: line, construct: "the function '\(name)'")
            }
            return try parseCall(of: function, line: line)
        }
    }

    private mutating func parseCall(of function: JinjaFunction, line: Int) throws(ChatTemplateError) -> JinjaExpression
    {
        if function == .namespace {
            let pairs = try parseNamespaceArguments()
            return try make(.namespace(pairs), line: line, over: pairs.map(\.value))
        }
        let arguments = try parseArguments(function.parameters, of: "the function '\(function.rawValue)'")
        if function == .strftimeNow, case .literal(.text(let format)) = arguments.first??.kind {
            _ = try JinjaPinnedDate.format(format.bytes, line: line)
        }
        return try make(.call(function, arguments), line: line, over: arguments)
    }

    /// Attributes, elements, slices and method calls.
    mutating func parsePostfix(_ operand: JinjaExpression) throws(ChatTemplateError) -> JinjaExpression {
        var expression = operand
        while true {
            let line = self.line
            switch current {
            case .symbol(.dot):
                advance()
                let name = try parseName("the name of an attribute")
                let method = JinjaMethod(rawValue: name)
                if current == .symbol(.parenthesisOpen) {
                    guard let method else {
                        throw .unsupported(line: line, construct: "the method '\(name)'")
                    }
                    let arguments = try parseArguments(method.parameters, of: "the method '\(name)'")
                    expression = try make(
                        .method(method, expression, arguments), line: line, over: [expression] + arguments)
                } else if method != nil {
                    // Python yields the method itself, not the dictionary's element of that name.
                    throw .unsupported(line: line, construct: "the method '\(name)' without a call")
                } else {
                    expression = try make(.attribute(expression, name: name), line: line, over: [expression])
                }
            case .symbol(.bracketOpen):
                advance()
                expression = try parseSubscript(of: expression, line: line)
            case .symbol(.parenthesisOpen):
                throw .unsupported(line: line, construct: "a call of an expression")
            default:
                return expression
            }
        }
    }

    private mutating func parseSubscript(of operand: JinjaExpression, line: Int) throws(ChatTemplateError)
        -> JinjaExpression
    {
        var bounds: [JinjaExpression?] = []
        repeat {
            let isEmpty = current == .symbol(.colon) || current == .symbol(.bracketClose)
            bounds.append(isEmpty ? nil : try parseExpression())
        } while bounds.count < 3 && consume(.symbol(.colon))
        if current == .symbol(.comma) {
            throw .unsupported(line: line, construct: "a subscript with several indices")
        }
        if bounds.count == 1, bounds[0] == nil {
            throw unexpected("an index")
        }
        try expect(.symbol(.bracketClose))
        let over = [operand] + bounds
        if bounds.count == 1, let index = bounds[0] {
            return try make(.element(operand, index: index), line: line, over: over)
        }
        let step = bounds.count == 3 ? bounds[2] : nil
        return try make(.slice(operand, lower: bounds[0], upper: bounds[1], step: step), line: line, over: over)
    }

    /// `| filter` and `is test`, any number of them.
    mutating func parseFiltersAndTests(_ operand: JinjaExpression) throws(ChatTemplateError) -> JinjaExpression {
        var expression = operand
        while true {
            let line = self.line
            if consume(.symbol(.pipe)) {
                let name = try parseName("the name of a filter")
                guard let filter = JinjaFilter(rawValue: name) else {
                    throw .unsupported(line: line, construct: "the filter '\(name)'")
                }
                let arguments = try parseArguments(filter.parameters, of: "the filter '\(name)'")
                expression = try make(
                    .filter(filter, expression, arguments), line: line, over: [expression] + arguments)
            } else if consume(.name("is")) {
                let isNegated = consume(.name("not"))
                let name = try parseName("the name of a test")
                guard let test = JinjaTest(rawValue: name) else {
                    throw .unsupported(line: line, construct: "the test '\(name)'")
                }
                if current == .symbol(.parenthesisOpen) {
                    throw .unsupported(line: line, construct: "an argument of the test '\(name)'")
                }
                if current == .name("is") {
                    throw unexpected("no test of a test")
                }
                expression = try make(.test(test, expression), line: line, over: [expression])
                if isNegated {
                    expression = try make(.not(expression), line: line, over: [expression])
                }
            } else {
                return expression
            }
        }
    }
}
