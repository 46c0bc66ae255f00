/// Comparison, as Python defines it.
extension JinjaInterpreter {
    /// A chain of comparisons: true if each link is; what follows a false link is not evaluated.
    mutating func compare(_ first: JinjaExpression, _ comparisons: [JinjaComparison]) throws(ChatTemplateError)
        -> Bool
    {
        var left = try evaluate(first)
        for comparison in comparisons {
            let right = try evaluate(comparison.operand)
            guard try holds(left, comparison.comparator, right, line: comparison.operand.line) else { return false }
            left = right
        }
        return true
    }

    private mutating func holds(
        _ left: JinjaValue, _ comparator: JinjaComparison.Operator, _ right: JinjaValue, line: Int
    ) throws(ChatTemplateError) -> Bool {
        switch comparator {
        case .equal: try areEqual(left, right, line: line)
        case .notEqual: !(try areEqual(left, right, line: line))
        case .contained: try contains(right, left, line: line)
        case .notContained: !(try contains(right, left, line: line))
        case .less: try isLess(left, right, line: line)
        case .greater: try isLess(right, left, line: line)
        case .lessOrEqual: !(try isLess(right, left, line: line))
        case .greaterOrEqual: !(try isLess(left, right, line: line))
        }
    }

    /// `left == right`. Texts are equal if their code points are.
    mutating func areEqual(_ left: JinjaValue, _ right: JinjaValue, line: Int) throws(ChatTemplateError)
        -> Bool
    {
        try budget.spendStep(line: line)
        switch (left, right) {
        case (.undefined, .undefined), (.none, .none):
            return true
        case (.text(let first), .text(let second)):
            guard first.bytes.count == second.bytes.count else { return false }
            try budget.spend(bytes: first.bytes.count, line: line)
            return first.bytes == second.bytes
        case (.list(let first, _), .list(let second, _)):
            guard first.count == second.count else { return false }
            for (element, other) in zip(first, second) {
                guard try areEqual(element, other, line: line) else { return false }
            }
            return true
        case (.dictionary(let first), .dictionary(let second)):
            guard first.entries.count == second.entries.count else { return false }
            for entry in first.entries {
                try budget.spend(entry.key, line: line)
                guard let other = second[entry.key], try areEqual(entry.value, other, line: line) else { return false }
            }
            return true
        case (.namespace(let first), .namespace(let second)):
            return first == second
        case (.function(let first), .function(let second)):
            return first == second
        default:
            guard let first = left.integerValue, let second = right.integerValue else { return false }
            return first == second
        }
    }

    /// `element in container`
    private mutating func contains(_ container: JinjaValue, _ element: JinjaValue, line: Int)
        throws(ChatTemplateError) -> Bool
    {
        switch (container, element) {
        case (.undefined, _):
            return false
        case (.text(let text), .text(let part)):
            try budget.spend(text, line: line)
            try budget.spend(part, line: line)
            return part.bytes.isEmpty || text.bytes.firstRange(of: part.bytes) != nil
        case (.list(let elements, _), _):
            for candidate in elements where try areEqual(candidate, element, line: line) {
                return true
            }
            return false
        case (.dictionary(let dictionary), .text(let key)):
            try budget.spend(key, line: line)
            return dictionary[key] != nil
        case (.dictionary, _):
            return false
        case (.text, _):
            throw wrongOperand(element, operation: "'in' a text", expected: "a text", line: line)
        default:
            throw wrongOperand(
                container, operation: "'in'", expected: "a text, a list or a dictionary", line: line)
        }
    }

    /// `left < right`. Texts compare by code point, which is the order of their UTF-8 bytes.
    private mutating func isLess(_ left: JinjaValue, _ right: JinjaValue, line: Int) throws(ChatTemplateError) -> Bool {
        if case .text(let first) = left, case .text(let second) = right {
            try budget.spend(bytes: min(first.bytes.count, second.bytes.count), line: line)
            return first.bytes.lexicographicallyPrecedes(second.bytes)
        }
        guard let first = left.integerValue else {
            throw wrongOperand(left, operation: "a comparison", expected: "two integers or two texts", line: line)
        }
        guard let second = right.integerValue else {
            throw wrongOperand(right, operation: "a comparison", expected: "two integers or two texts", line: line)
        }
        return first < second
    }
}
