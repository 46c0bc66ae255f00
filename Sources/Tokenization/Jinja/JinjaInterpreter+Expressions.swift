/// Evaluation. Each kind of work stands in a function of its own, which keeps the recursive frame of `evaluate` small.
extension JinjaInterpreter {
    /// The value of an expression.
    mutating func evaluate(_ expression: JinjaExpression) throws(ChatTemplateError) -> JinjaValue {
        let line = expression.line
        try budget.spendStep(line: line)
        switch expression.kind {
        case .literal(let value):
            return value
        case .variable(let name):
            return variable(name)
        case .loopAttribute(let attribute):
            return loopAttribute(attribute)
        case .list(let elements):
            return try list(elements, line: line)
        case .dictionary(let pairs):
            return .dictionary(try dictionary(pairs))
        case .namespace(let pairs):
            return makeNamespace(try dictionary(pairs))
        case .attribute(let operand, let name):
            return try attribute(name, of: try evaluate(operand), line: line)
        case .element(let operand, let index):
            return try element(of: try evaluate(operand), at: try evaluate(index), line: line)
        case .slice(let operand, let lower, let upper, let step):
            return try slice(
                try evaluate(operand), lower: try evaluate(lower), upper: try evaluate(upper),
                step: try evaluate(step), line: line)
        case .negative(let operand):
            return try negate(try evaluate(operand), line: line)
        case .not(let operand):
            return .boolean(!(try evaluate(operand).isTruthy))
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTruthy ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTruthy ? value : try evaluate(right)
        case .arithmetic(let operation, let left, let right):
            return try compute(operation, try evaluate(left), try evaluate(right), line: line)
        case .comparison(let first, let comparisons):
            return .boolean(try compare(first, comparisons))
        case .conditional(let value, let condition, let otherwise):
            if try evaluate(condition).isTruthy {
                return try evaluate(value)
            }
            return try evaluate(otherwise) ?? .undefined(name: "the value of an 'if' without 'else'")
        case .filter(let filter, let operand, let arguments):
            return try apply(filter, to: try evaluate(operand), try evaluate(arguments), line: line)
        case .test(let test, let operand):
            return .boolean(try evaluate(operand).satisfies(test))
        case .method(let method, let operand, let arguments):
            return try call(method, of: try evaluate(operand), try evaluate(arguments), line: line)
        case .call(let function, let arguments):
            return try call(function, try evaluate(arguments), line: line)
        }
    }

    /// The value of an expression that may be absent.
    private mutating func evaluate(_ expression: JinjaExpression?) throws(ChatTemplateError) -> JinjaValue? {
        guard let expression else { return nil }
        return try evaluate(expression) as JinjaValue
    }

    private mutating func evaluate(_ expressions: [JinjaExpression?]) throws(ChatTemplateError) -> [JinjaValue?] {
        var values: [JinjaValue?] = []
        for expression in expressions {
            values.append(try evaluate(expression))
        }
        return values
    }

    private func loopAttribute(_ attribute: JinjaLoopAttribute) -> JinjaValue {
        guard let loop = loops.last else {
            preconditionFailure("the parser refuses 'loop' outside of a loop")
        }
        return switch attribute {
        case .index: .integer(loop.index + 1)
        case .index0: .integer(loop.index)
        case .first: .boolean(loop.index == 0)
        case .last: .boolean(loop.index == loop.count - 1)
        case .length: .integer(loop.count)
        }
    }

    private mutating func list(_ expressions: [JinjaExpression], line: Int) throws(ChatTemplateError) -> JinjaValue {
        try budget.spend(elements: expressions.count, line: line)
        var elements: [JinjaValue] = []
        var depth = 1
        for expression in expressions {
            let element: JinjaValue = try evaluate(expression)
            elements.append(element)
            depth = max(depth, 1 + element.depth)
        }
        try checkDepth(depth, line: line)
        return .list(elements, depth: depth)
    }

    private mutating func dictionary(_ pairs: [JinjaPair]) throws(ChatTemplateError) -> JinjaDictionary {
        var dictionary = JinjaDictionary()
        for pair in pairs {
            let key: JinjaValue = try evaluate(pair.key)
            guard case .text(let text) = key else {
                throw .wrongValue(
                    line: pair.key.line, operation: "the key of a dictionary", found: key.kindName, expected: "a text")
            }
            try budget.spend(text, line: pair.key.line)
            try budget.spend(elements: 2, line: pair.key.line)
            dictionary.set(text, to: try evaluate(pair.value))
            try checkDepth(dictionary.depth, line: pair.key.line)
        }
        return dictionary
    }

    func checkDepth(_ depth: Int, line: Int) throws(ChatTemplateError) {
        guard depth <= JinjaValue.maximumDepth else {
            throw .nestingTooDeep(line: line, limit: JinjaValue.maximumDepth)
        }
    }

    private func attribute(_ name: String, of value: JinjaValue, line: Int) throws(ChatTemplateError) -> JinjaValue {
        switch value {
        case .undefined(let base):
            throw .undefinedValue(line: line, name: base)
        case .dictionary(let dictionary):
            return dictionary[name] ?? .undefined(name: name)
        case .namespace(let place):
            return namespaces[place][name] ?? .undefined(name: name)
        default:
            return .undefined(name: name)
        }
    }

    private mutating func element(of value: JinjaValue, at index: JinjaValue, line: Int) throws(ChatTemplateError)
        -> JinjaValue
    {
        switch (value, index) {
        case (.undefined(let base), _):
            throw .undefinedValue(line: line, name: base)
        case (.dictionary(let dictionary), .text(let key)):
            try budget.spend(key, line: line)
            return dictionary[key] ?? .undefined(name: "an element of a dictionary")
        case (.list(let elements, _), .integer), (.list(let elements, _), .boolean):
            guard let place = index.integerValue.flatMap({ Self.place($0, count: elements.count) }) else {
                return .undefined(name: "an element of a list")
            }
            return elements[place]
        case (.text(let text), .integer), (.text(let text), .boolean):
            try budget.spend(codePointsOf: text, line: line)
            let offsets = text.codePointOffsets
            guard let place = index.integerValue.flatMap({ Self.place($0, count: offsets.count - 1) }) else {
                return .undefined(name: "a character of a text")
            }
            return .text(text.slice(offsets[place]..<offsets[place + 1]))
        default:
            return .undefined(name: "an element of \(value.kindName)")
        }
    }

    /// A place in a sequence, counted from its end if negative; nil outside of it.
    private static func place(_ index: Int, count: Int) -> Int? {
        let place = index < 0 ? index + count : index
        return (0..<count).contains(place) ? place : nil
    }
}

extension JinjaValue {
    /// Whether a test of the template holds.
    func satisfies(_ test: JinjaTest) -> Bool {
        switch (test, self) {
        case (.undefined, .undefined), (.none, .none), (.string, .text), (.mapping, .dictionary): true
        case (.defined, .undefined): false
        case (.defined, _): true
        case (.iterable, .text), (.iterable, .list), (.iterable, .dictionary), (.iterable, .undefined): true
        case (.sequence, .text), (.sequence, .list), (.sequence, .dictionary), (.sequence, .undefined): true
        case (.number, .integer), (.number, .boolean), (.integer, .integer), (.boolean, .boolean): true
        case (.true, .boolean(true)), (.false, .boolean(false)): true
        default: false
        }
    }
}
