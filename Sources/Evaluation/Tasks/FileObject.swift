import JSON

/// An object of a file, a line of a task or a part of results: its getters name file and line when they fail.
struct FileObject {
    let file: String
    /// From 1 on.
    let line: Int
    private let members: [String: JSONValue]

    /// - Throws: `EvaluationError.json`, `.wrongType`
    init(
        parsing bytes: [UInt8], file: String, line: Int, valueLimit: Int = TaskFile.valueLimit
    ) throws(EvaluationError) {
        self.file = file
        self.line = line
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes, valueLimit: valueLimit)
        } catch {
            throw .json(file: file, line: line, error)
        }
        guard case .object(let members) = value else {
            throw .wrongType(file: file, line: line, key: "the line", expected: "an object", found: value.summary)
        }
        self.members = members
    }

    private init(file: String, line: Int, members: [String: JSONValue]) {
        self.file = file
        self.line = line
        self.members = members
    }

    /// Keys whose value is not null.
    var keys: Set<String> { Set(members.filter { $0.value != .null }.keys) }

    /// A text with at least one character that is not white space.
    func text(_ key: String) throws(EvaluationError) -> String {
        try text(value(key), key)
    }

    /// A list of at least one text.
    func texts(_ key: String) throws(EvaluationError) -> [String] {
        guard case .array(let elements) = try value(key), !elements.isEmpty else {
            throw wrongType(key, "a list of at least one text")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            texts.append(try text(element, "\(key)[\(index)]"))
        }
        return texts
    }

    /// A number.
    func number(_ key: String) throws(EvaluationError) -> Double {
        switch try value(key) {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        default: throw wrongType(key, "a number")
        }
    }

    /// A number, if the key is there.
    func numberIfPresent(_ key: String) throws(EvaluationError) -> Double? {
        keys.contains(key) ? try number(key) : nil
    }

    /// A whole number.
    func integer(_ key: String) throws(EvaluationError) -> Int {
        guard case .integer(let integer) = try value(key) else { throw wrongType(key, "a whole number") }
        return integer
    }

    /// A list of numbers.
    func numbers(_ key: String) throws(EvaluationError) -> [Double] {
        guard case .array(let elements) = try value(key) else { throw wrongType(key, "a list of numbers") }
        var numbers: [Double] = []
        for element in elements {
            switch element {
            case .integer(let integer): numbers.append(Double(integer))
            case .number(let number): numbers.append(number)
            default: throw wrongType(key, "a list of numbers alone")
            }
        }
        return numbers
    }

    /// A list of whole numbers.
    func integers(_ key: String) throws(EvaluationError) -> [Int] {
        var integers: [Int] = []
        for number in try numbers(key) {
            guard let integer = Int(exactly: number) else { throw wrongType(key, "a list of whole numbers") }
            integers.append(integer)
        }
        return integers
    }

    /// An object inside this one.
    func object(_ key: String) throws(EvaluationError) -> FileObject {
        guard case .object(let members) = try value(key) else { throw wrongType(key, "an object") }
        return FileObject(file: file, line: line, members: members)
    }

    /// A list of objects inside this one.
    func objects(_ key: String) throws(EvaluationError) -> [FileObject] {
        guard case .array(let elements) = try value(key) else { throw wrongType(key, "a list of objects") }
        var objects: [FileObject] = []
        for element in elements {
            guard case .object(let members) = element else { throw wrongType(key, "a list of objects alone") }
            objects.append(FileObject(file: file, line: line, members: members))
        }
        return objects
    }

    /// A name: a string, or a number as it is written.
    func name(_ key: String) throws(EvaluationError) -> String {
        switch try value(key) {
        case .string(let string): return string
        case .integer(let integer): return "\(integer)"
        case .bool(let bool): return "\(bool)"
        default: throw wrongType(key, "a string or an integer")
        }
    }

    /// true or false, or 1 or 0.
    func flag(_ key: String) throws(EvaluationError) -> Bool {
        switch try value(key) {
        case .bool(let bool): return bool
        case .integer(0): return false
        case .integer(1): return true
        default: throw wrongType(key, "0 or 1")
        }
    }

    /// One of a few words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type
    ) throws(EvaluationError) -> Choice where Choice.RawValue == String {
        guard case .string(let word) = try value(key), let choice = Choice(rawValue: word) else {
            throw wrongType(key, Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or "))
        }
        return choice
    }

    func wrongType(_ key: String, _ expected: String) -> EvaluationError {
        .wrongType(
            file: file, line: line, key: key, expected: expected, found: (members[key] ?? .null).summary)
    }

    private func value(_ key: String) throws(EvaluationError) -> JSONValue {
        guard let value = members[key], value != .null else { throw .missingKey(file: file, line: line, key: key) }
        return value
    }

    private func text(_ value: JSONValue, _ key: String) throws(EvaluationError) -> String {
        guard case .string(let text) = value else {
            throw .wrongType(file: file, line: line, key: key, expected: "a text", found: value.summary)
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            throw .wrongType(
                file: file, line: line, key: key, expected: "a text that is not blank", found: value.summary)
        }
        return text
    }
}
