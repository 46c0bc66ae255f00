/// Filters that make or take lists.
extension JinjaInterpreter {
    /// `list | reject('equalto', value)`: the elements that do not equal the value. Templates use no other test here.
    mutating func reject(_ list: JinjaValue, _ arguments: [JinjaValue?], line: Int) throws(ChatTemplateError)
        -> JinjaValue
    {
        let operation = "the filter 'reject'"
        guard case .some(.text(let test)) = arguments[0], Self.namesOfEquality.contains(test.bytes) else {
            throw .wrongValue(line: line, operation: operation, found: "another test", expected: "the test 'equalto'")
        }
        let rejected = arguments[1] ?? .none
        var kept: [JinjaValue] = []
        var depth = 0
        for element in try elements(of: list, operation: operation, line: line)
        where !(try areEqual(element, rejected, line: line)) {
            kept.append(element)
            depth = max(depth, element.depth)
        }
        try budget.spend(elements: kept.count, line: line)
        return .list(kept, depth: depth + 1)
    }

    /// `list | join(separator)`: the elements as texts, one after the other.
    mutating func join(_ list: JinjaValue, separator: JinjaValue?, line: Int) throws(ChatTemplateError) -> MarkedText {
        let separator = try text(of: separator ?? .text(MarkedText()), line: line)
        var result = MarkedText()
        for (index, element) in try elements(of: list, operation: "the filter 'join'", line: line).enumerated() {
            let part = try text(of: element, line: line)
            try budget.spendStep(line: line)
            try budget.spend(separator, line: line)
            try budget.spend(part, line: line)
            if index > 0 {
                result.append(separator)
            }
            result.append(part)
        }
        return result
    }

    /// `dictionary | items`: a list of two, key and value, for each entry.
    mutating func items(of value: JinjaValue, line: Int) throws(ChatTemplateError) -> JinjaValue {
        switch value {
        case .undefined:
            return .list([], depth: 1)
        case .dictionary(let dictionary):
            try checkDepth(dictionary.depth + 1, line: line)
            try budget.spend(elements: 3 * dictionary.entries.count, line: line)
            return .list(
                dictionary.entries.map { .list([.text($0.key), $0.value], depth: 1 + $0.value.depth) },
                depth: dictionary.depth + 1)
        default:
            throw wrongOperand(value, operation: "the filter 'items'", expected: "a dictionary", line: line)
        }
    }

    /// What Jinja calls the test whether two values are equal.
    private static let namesOfEquality = ["equalto", "eq", "=="].map { Array($0.utf8) }
}
