/// The filter `tojson` as Hugging Face defines it: Python's `json.dumps` with `ensure_ascii=False`.
extension JinjaInterpreter {
    /// The JSON of a value. With an `indent`, elements stand on lines of their own.
    mutating func json(of value: JinjaValue, indent: JinjaValue?, line: Int) throws(ChatTemplateError) -> MarkedText {
        var writer = JSONWriter(line: line)
        switch indent {
        case nil, .some(.none): break
        case .some(let value):
            guard let width = value.integerValue, (0...16).contains(width) else {
                throw wrongOperand(
                    value, operation: "the indentation of 'tojson'", expected: "an integer from 0 to 16", line: line)
            }
            writer.indent = width
        }
        try writer.write(value, level: 0, budget: &budget)
        return MarkedText(bytes: writer.bytes, rewrittenFrom: writer.inputs)
    }
}

private struct JSONWriter {
    let line: Int
    /// Spaces a level; nil for everything on one line.
    var indent: Int?
    var bytes: [UInt8] = []
    /// The texts written, for their marks.
    var inputs: [MarkedText] = []

    init(line: Int) {
        self.line = line
    }

    mutating func write(_ value: JinjaValue, level: Int, budget: inout JinjaBudget) throws(ChatTemplateError) {
        try budget.spendStep(line: line)
        try budget.spend(bytes: 8 + (indent ?? 0) * level, line: line)
        switch value {
        case .none: bytes += Array("null".utf8)
        case .boolean(let value): bytes += Array((value ? "true" : "false").utf8)
        case .integer(let value): bytes += Array(String(value).utf8)
        case .text(let text): try write(text, budget: &budget)
        case .list(let elements, _):
            bytes.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                separate(index: index, level: level + 1)
                try write(element, level: level + 1, budget: &budget)
            }
            close("]", isEmpty: elements.isEmpty, level: level)
        case .dictionary(let dictionary):
            bytes.append(UInt8(ascii: "{"))
            for (index, entry) in dictionary.entries.enumerated() {
                separate(index: index, level: level + 1)
                try write(entry.key, budget: &budget)
                bytes += Array(": ".utf8)
                try write(entry.value, level: level + 1, budget: &budget)
            }
            close("}", isEmpty: dictionary.entries.isEmpty, level: level)
        case .undefined(let name):
            throw .undefinedValue(line: line, name: name)
        case .namespace, .function:
            throw .wrongValue(
                line: line, operation: "the filter 'tojson'", found: value.kindName, expected: "a value of JSON")
        }
    }

    private mutating func separate(index: Int, level: Int) {
        if index > 0 {
            bytes += Array((indent == nil ? ", " : ",").utf8)
        }
        breakLine(level: level)
    }

    private mutating func close(_ bracket: Unicode.Scalar, isEmpty: Bool, level: Int) {
        if !isEmpty {
            breakLine(level: level)
        }
        bytes.append(UInt8(ascii: bracket))
    }

    private mutating func breakLine(level: Int) {
        if let indent {
            bytes.append(.newline)
            bytes += [UInt8](repeating: UInt8(ascii: " "), count: indent * level)
        }
    }

    private mutating func write(_ text: MarkedText, budget: inout JinjaBudget) throws(ChatTemplateError) {
        // At most six bytes for one of the text's.
        try budget.spend(bytes: 6 * text.bytes.count, line: line)
        inputs.append(text)
        bytes.append(UInt8(ascii: "\""))
        for byte in text.bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += Array("\\b".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0x0A: bytes += Array("\\n".utf8)
            case 0x0C: bytes += Array("\\f".utf8)
            case 0x0D: bytes += Array("\\r".utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                bytes += Array("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
