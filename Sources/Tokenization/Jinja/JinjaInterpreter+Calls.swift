/// Methods and functions.
extension JinjaInterpreter {
    /// `value.method(arguments)`; one argument for each of the method's parameters.
    mutating func call(_ method: JinjaMethod, of value: JinjaValue, _ arguments: [JinjaValue?], line: Int)
        throws(ChatTemplateError) -> JinjaValue
    {
        let operation = "the method '\(method.rawValue)'"
        if method == .get {
            guard case .dictionary(let dictionary) = value else {
                throw wrongOperand(value, operation: operation, expected: "a dictionary", line: line)
            }
            guard case .some(.text(let key)) = arguments[0] else { return arguments[1] ?? .none }
            try budget.spend(key, line: line)
            return dictionary[key] ?? arguments[1] ?? .none
        }
        guard case .text(let text) = value else {
            throw wrongOperand(value, operation: operation, expected: "a text", line: line)
        }
        switch method {
        case .strip: return .text(try trim(text, .both, arguments[0], operation: operation, line: line))
        case .lstrip: return .text(try trim(text, .leading, arguments[0], operation: operation, line: line))
        case .rstrip: return .text(try trim(text, .trailing, arguments[0], operation: operation, line: line))
        case .upper, .lower: return .text(try changeCase(text, isUpper: method == .upper, line: line))
        case .replace: return .text(try replace(in: text, arguments, operation: operation, line: line))
        case .startswith, .endswith, .split: return try search(method, text, arguments[0], line: line)
        case .get: preconditionFailure("dictionaries are handled above")
        }
    }

    private mutating func search(_ method: JinjaMethod, _ text: MarkedText, _ argument: JinjaValue?, line: Int)
        throws(ChatTemplateError) -> JinjaValue
    {
        let operation = "the method '\(method.rawValue)'"
        guard case .some(.text(let part)) = argument else {
            throw wrongOperand(argument ?? .none, operation: operation, expected: "a text", line: line)
        }
        try budget.spend(part, line: line)
        if method == .startswith {
            return .boolean(text.bytes.starts(with: part.bytes))
        }
        if method == .endswith {
            return .boolean(text.bytes.suffix(part.bytes.count).elementsEqual(part.bytes))
        }
        guard !part.bytes.isEmpty else {
            throw .wrongValue(line: line, operation: operation, found: "an empty separator", expected: "a text")
        }
        try budget.spend(text, line: line)
        let count = text.bytes.ranges(of: part.bytes).count + 1
        try budget.spend(elements: count * (1 + text.marks.count), line: line)
        return .list(text.split(separator: part).map { .text($0) }, depth: 1)
    }

    /// `function(arguments)`; one argument for each of the function's parameters.
    mutating func call(_ function: JinjaFunction, _ arguments: [JinjaValue?], line: Int) throws(ChatTemplateError)
        -> JinjaValue
    {
        switch function {
        case .raiseException:
            let message = try text(of: arguments[0] ?? .none, line: line)
            throw .raised(line: line, message: String(decoding: message.bytes, as: UTF8.self))
        case .strftimeNow:
            guard case .some(.text(let format)) = arguments[0] else {
                throw wrongOperand(
                    arguments[0] ?? .none, operation: "the function 'strftime_now'", expected: "a text", line: line)
            }
            try budget.spend(elements: format.bytes.count, line: line)
            return .text(
                MarkedText(bytes: try JinjaPinnedDate.format(format.bytes, line: line), rewrittenFrom: [format]))
        case .namespace:
            preconditionFailure("the parser makes a node of its own for 'namespace'")
        }
    }
}
