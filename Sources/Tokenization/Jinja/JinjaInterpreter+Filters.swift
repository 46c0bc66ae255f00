/// Filters.
extension JinjaInterpreter {
    /// `value | filter(arguments)`; one argument for each of the filter's parameters.
    mutating func apply(_ filter: JinjaFilter, to value: JinjaValue, _ arguments: [JinjaValue?], line: Int)
        throws(ChatTemplateError) -> JinjaValue
    {
        switch filter {
        case .string:
            return .text(try text(of: value, line: line))
        case .trim:
            let text = try text(of: value, line: line)
            return .text(try trim(text, .both, arguments[0], operation: "the filter 'trim'", line: line))
        case .upper, .lower:
            return .text(try changeCase(try text(of: value, line: line), isUpper: filter == .upper, line: line))
        case .replace:
            return .text(
                try replace(
                    in: try text(of: value, line: line), arguments, operation: "the filter 'replace'", line: line))
        case .length, .count:
            return .integer(try length(of: value, line: line))
        case .default, .d:
            let isReplaced =
                if case .undefined = value { true } else { arguments[1]?.isTruthy == true && !value.isTruthy }
            return isReplaced ? arguments[0] ?? .text(MarkedText()) : value
        case .int:
            return try integer(from: value, default: arguments[0] ?? .integer(0), line: line)
        case .tojson:
            return .text(try json(of: value, indent: arguments[0], line: line))
        case .reject:
            return try reject(value, arguments, line: line)
        case .items:
            return try items(of: value, line: line)
        case .join:
            return .text(try join(value, separator: arguments[0], line: line))
        }
    }

    /// A text without the characters of `argument`, or else without white space, at its ends.
    mutating func trim(
        _ text: MarkedText, _ ends: MarkedText.Ends, _ argument: JinjaValue?, operation: String, line: Int
    ) throws(ChatTemplateError) -> MarkedText {
        try budget.spend(text, line: line)
        switch argument {
        case nil, .some(.none):
            return text.trimming(ends, characters: nil)
        case .some(.text(let characters)):
            try budget.spend(elements: characters.bytes.count, line: line)
            return text.trimming(ends, characters: characters)
        case .some(let other):
            throw wrongOperand(other, operation: operation, expected: "a text", line: line)
        }
    }

    /// A text in upper or lower case. Unlike Python's, a final sigma becomes a plain one.
    mutating func changeCase(_ text: MarkedText, isUpper: Bool, line: Int) throws(ChatTemplateError) -> MarkedText {
        try budget.spend(bytes: 3 * text.bytes.count, line: line)
        let string = String(decoding: text.bytes, as: UTF8.self)
        return MarkedText(
            bytes: Array((isUpper ? string.uppercased() : string.lowercased()).utf8), rewrittenFrom: [text])
    }

    /// A text with each occurrence of the first argument replaced by the second.
    mutating func replace(in text: MarkedText, _ arguments: [JinjaValue?], operation: String, line: Int)
        throws(ChatTemplateError) -> MarkedText
    {
        guard case .some(.text(let old)) = arguments[0], case .some(.text(let new)) = arguments[1], !old.bytes.isEmpty
        else {
            throw .wrongValue(
                line: line, operation: operation, found: "an empty text or another value", expected: "two texts")
        }
        try budget.spend(text, line: line)
        let ranges = text.bytes.ranges(of: old.bytes)
        guard !ranges.isEmpty else { return text }
        try budget.spend(bytes: ranges.count * MemoryLayout<Range<Int>>.stride, line: line)
        var bytes: [UInt8] = []
        var start = 0
        for range in ranges {
            try budget.spend(bytes: new.bytes.count, line: line)
            bytes += text.bytes[start..<range.lowerBound] + new.bytes
            start = range.upperBound
        }
        bytes += text.bytes[start...]
        return MarkedText(bytes: bytes, rewrittenFrom: [text, new])
    }

    private mutating func length(of value: JinjaValue, line: Int) throws(ChatTemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .list(let elements, _): return elements.count
        case .dictionary(let dictionary): return dictionary.entries.count
        case .text(let text):
            try budget.spend(text, line: line)
            return text.codePointCount
        default:
            throw wrongOperand(
                value, operation: "the filter 'length'", expected: "a text, a list or a dictionary", line: line)
        }
    }

    /// Python's `int(value)`, else `int(float(value))`, else the default.
    private mutating func integer(from value: JinjaValue, default: JinjaValue, line: Int) throws(ChatTemplateError)
        -> JinjaValue
    {
        if let integer = value.integerValue {
            return .integer(integer)
        }
        switch value {
        case .undefined(let name):
            throw .undefinedValue(line: line, name: name)
        case .text(let text):
            try budget.spend(text, line: line)
            let digits = String(decoding: text.trimming(.both, characters: nil).bytes, as: UTF8.self)
            if let integer = Int(digits) {
                return .integer(integer)
            }
            let isDecimal = digits.utf8.allSatisfy { "0123456789.eE+-".utf8.contains($0) }
            guard isDecimal, let number = Double(digits) else { return `default` }
            guard let integer = Int(exactly: number.rounded(.towardZero)) else {
                throw .integerOverflow(line: line, operation: "the filter 'int'")
            }
            return .integer(integer)
        default:
            return `default`
        }
    }
}
