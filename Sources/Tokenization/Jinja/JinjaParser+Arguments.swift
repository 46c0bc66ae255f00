/// Arguments of calls.
extension JinjaParser {
    /// The arguments in parentheses, or none if no parenthesis stands here; one place for each of `parameters`.
    mutating func parseArguments(_ parameters: [JinjaParameter], of callee: String) throws(ChatTemplateError)
        -> [JinjaExpression?]
    {
        let line = self.line
        var arguments = [JinjaExpression?](repeating: nil, count: parameters.count)
        if consume(.symbol(.parenthesisOpen)) {
            var position = 0
            while !consume(.symbol(.parenthesisClose)) {
                let (keyword, value) = try parseArgument()
                let place =
                    if let keyword {
                        parameters.firstIndex { $0.name == keyword && $0.allowsKeyword }
                    } else {
                        parameters.indices.contains(position) && parameters[position].allowsPosition ? position : nil
                    }
                guard let place, arguments[place] == nil else {
                    let argument = keyword.map { "the argument '\($0)'" } ?? "argument \(position + 1)"
                    throw .unsupported(line: line, construct: "\(argument) of \(callee)")
                }
                arguments[place] = value
                position += 1
                try separateArguments()
            }
        }
        if let missing = zip(parameters, arguments).first(where: { $0.0.isRequired && $0.1 == nil }) {
            throw .unsupported(line: line, construct: "\(callee) without its argument '\(missing.0.name)'")
        }
        return arguments
    }

    /// The arguments of `namespace`, all by keyword, as pairs of literal keys and values.
    mutating func parseNamespaceArguments() throws(ChatTemplateError) -> [JinjaPair] {
        var pairs: [JinjaPair] = []
        try expect(.symbol(.parenthesisOpen))
        while !consume(.symbol(.parenthesisClose)) {
            let line = self.line
            let (keyword, value) = try parseArgument()
            guard let keyword else {
                throw .unsupported(line: line, construct: "a positional argument of the function 'namespace'")
            }
            pairs.append(JinjaPair(key: try make(.literal(.text(MarkedText(keyword))), line: line), value: value))
            try separateArguments()
        }
        return pairs
    }

    private mutating func parseArgument() throws(ChatTemplateError) -> (keyword: String?, value: JinjaExpression) {
        let line = self.line
        if current == .symbol(.times) || current == .symbol(.power) {
            throw .unsupported(line: line, construct: "an unpacked argument")
        }
        let value = try parseExpression()
        guard consume(.symbol(.assign)) else { return (nil, value) }
        guard case .variable(let keyword) = value.kind else {
            throw .syntax(line: line, found: "'=' after an expression", expected: "a keyword before '='")
        }
        return (keyword, try parseExpression())
    }

    private mutating func separateArguments() throws(ChatTemplateError) {
        if current != .symbol(.parenthesisClose) {
            try expect(.symbol(.comma))
        }
    }
}
