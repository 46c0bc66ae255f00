/// Arithmetic, comparison and slices, as Python defines them.
extension JinjaInterpreter {
    /// The text that a value prints as.
    func text(of value: JinjaValue, line: Int) throws(ChatTemplateError) -> MarkedText {
        switch value {
        case .undefined: return MarkedText()
        case .none: return MarkedText("None")
        case .boolean(let value): return MarkedText(value ? "True" : "False")
        case .integer(let value): return MarkedText(String(value))
        case .text(let text): return text
        case .list, .dictionary, .namespace, .function:
            throw .wrongValue(
                line: line, operation: "printing", found: value.kindName, expected: "a text, a number or a boolean")
        }
    }

    /// `-value`
    func negate(_ value: JinjaValue, line: Int) throws(ChatTemplateError) -> JinjaValue {
        guard let integer = value.integerValue else {
            throw wrongOperand(value, operation: "'-'", expected: "an integer", line: line)
        }
        return .integer(try checked(Int(0).subtractingReportingOverflow(integer), operation: "'-'", line: line))
    }

    /// `left operation right`
    mutating func compute(_ operation: JinjaArithmetic, _ left: JinjaValue, _ right: JinjaValue, line: Int)
        throws(ChatTemplateError) -> JinjaValue
    {
        switch (operation, left, right) {
        case (.concatenate, _, _):
            return .text(try join(try text(of: left, line: line), try text(of: right, line: line), line: line))
        case (.add, .text(let first), .text(let second)):
            return .text(try join(first, second, line: line))
        case (.add, .list(let first, let depth), .list(let second, let otherDepth)):
            try budget.spend(elements: first.count + second.count, line: line)
            return .list(first + second, depth: max(depth, otherDepth))
        default:
            return .integer(try computeInteger(operation, left, right, line: line))
        }
    }

    private mutating func join(_ first: MarkedText, _ second: MarkedText, line: Int) throws(ChatTemplateError)
        -> MarkedText
    {
        try budget.spend(first, line: line)
        try budget.spend(second, line: line)
        var result = first
        result.append(second)
        return result
    }

    private func computeInteger(_ operation: JinjaArithmetic, _ left: JinjaValue, _ right: JinjaValue, line: Int)
        throws(ChatTemplateError) -> Int
    {
        let name = "'\(operation.rawValue)'"
        guard let first = left.integerValue, let second = right.integerValue else {
            let isLeftWrong = left.integerValue == nil
            let expected =
                switch (operation, left) {
                case (.add, .text): "a text"
                case (.add, .list): "a list"
                case (.add, _) where isLeftWrong: "an integer, a text or a list"
                default: "an integer"
                }
            let isRightWrong = expected == "a text" || expected == "a list" || !isLeftWrong
            throw wrongOperand(isRightWrong ? right : left, operation: name, expected: expected, line: line)
        }
        switch operation {
        case .add: return try checked(first.addingReportingOverflow(second), operation: name, line: line)
        case .subtract: return try checked(first.subtractingReportingOverflow(second), operation: name, line: line)
        case .multiply: return try checked(first.multipliedReportingOverflow(by: second), operation: name, line: line)
        case .floorDivide, .modulo:
            guard second != 0 else {
                throw .wrongValue(line: line, operation: name, found: "the divisor 0", expected: "another divisor")
            }
            let quotient = try checked(first.dividedReportingOverflow(by: second), operation: name, line: line)
            let remainder = first - quotient * second
            // Python rounds down where Swift rounds towards zero.
            let isRoundedUp = remainder != 0 && (remainder < 0) != (second < 0)
            if operation == .modulo {
                return isRoundedUp ? remainder + second : remainder
            }
            return isRoundedUp ? quotient - 1 : quotient
        case .concatenate:
            preconditionFailure("texts are concatenated by the caller")
        }
    }

    private func checked(_ result: (partialValue: Int, overflow: Bool), operation: String, line: Int)
        throws(ChatTemplateError) -> Int
    {
        guard !result.overflow else {
            throw .integerOverflow(line: line, operation: operation)
        }
        return result.partialValue
    }

    /// The error for an operand that an operation is not defined for.
    func wrongOperand(_ value: JinjaValue, operation: String, expected: String, line: Int) -> ChatTemplateError {
        if case .undefined(let name) = value {
            return .undefinedValue(line: line, name: name)
        }
        return .wrongValue(line: line, operation: operation, found: value.kindName, expected: expected)
    }

    /// `value[lower:upper:step]`
    mutating func slice(
        _ value: JinjaValue, lower: JinjaValue?, upper: JinjaValue?, step: JinjaValue?, line: Int
    ) throws(ChatTemplateError) -> JinjaValue {
        let bounds = (lower: try bound(lower, line: line), upper: try bound(upper, line: line))
        let step = try bound(step, line: line) ?? 1
        guard step != 0 else {
            throw .wrongValue(line: line, operation: "a slice", found: "the step 0", expected: "another step")
        }
        switch value {
        case .list(let elements, let depth):
            try budget.spend(elements: elements.count, line: line)
            return .list(
                Self.places(bounds, step: step, count: elements.count).map { elements[$0] }, depth: depth)
        case .text(let text):
            return .text(try slice(text, bounds, step: step, line: line))
        default:
            throw wrongOperand(value, operation: "a slice", expected: "a list or a text", line: line)
        }
    }

    /// A bound of a slice, nil if absent.
    private func bound(_ value: JinjaValue?, line: Int) throws(ChatTemplateError) -> Int? {
        switch value {
        case nil, .some(.none): return nil
        case .some(let value):
            guard let integer = value.integerValue else {
                throw wrongOperand(value, operation: "a slice", expected: "integers", line: line)
            }
            return integer
        }
    }

    private mutating func slice(_ text: MarkedText, _ bounds: (lower: Int?, upper: Int?), step: Int, line: Int)
        throws(ChatTemplateError) -> MarkedText
    {
        try budget.spend(codePointsOf: text, line: line)
        let offsets = text.codePointOffsets
        let places = Self.places(bounds, step: step, count: offsets.count - 1)
        guard step == 1 else {
            let bytes = places.flatMap { text.bytes[offsets[$0]..<offsets[$0 + 1]] }
            return MarkedText(bytes: bytes, rewrittenFrom: [text])
        }
        guard let first = places.first, let last = places.last else {
            return text.slice(0..<0)
        }
        return text.slice(offsets[first]..<offsets[last + 1])
    }

    /// The places that a slice of a sequence of `count` takes, in its order.
    private static func places(_ bounds: (lower: Int?, upper: Int?), step: Int, count: Int) -> [Int] {
        // Backwards, the places before the first and after the last are one further left.
        let lowest = step > 0 ? 0 : -1
        let clamp = { (bound: Int) in
            min(max(bound < 0 ? bound + count : bound, lowest), step > 0 ? count : count - 1)
        }
        let start = bounds.lower.map(clamp) ?? (step > 0 ? 0 : count - 1)
        let end = bounds.upper.map(clamp) ?? (step > 0 ? count : -1)
        return Array(stride(from: start, to: end, by: step))
    }
}
