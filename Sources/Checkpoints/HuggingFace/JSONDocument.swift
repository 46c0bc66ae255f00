import JSON

/// A JSON object of a file, whose getters name file and key when they fail.
///
/// A member that is null counts as absent: configurations write one for the other.
package struct JSONDocument: KeyedValues, Sendable, Equatable {
    /// The path of the file.
    package let file: String
    /// The keys that lead from the file's root to this object, each with a dot behind it; empty for the root.
    private let prefix: String
    /// More values than any configuration or header of tensors has; each may take a hundred bytes, and a microsecond.
    package static let valueLimit = 250_000
    /// The members as they are written.
    package let members: [String: JSONValue]

    /// Parses a file whose root is an object, of at most `valueLimit` values in all.
    ///
    /// - Throws: `json`, `wrongType`.
    package init(
        parsing bytes: [UInt8], file: String, valueLimit: Int = Self.valueLimit
    ) throws(CheckpointError) {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue(parsing: bytes, valueLimit: valueLimit)
        } catch {
            throw .json(file: file, error)
        }
        guard case .object(let members) = root else {
            throw .wrongType(file: file, key: "the document", expected: "an object", found: root.summary)
        }
        self.init(file: file, prefix: "", members: members)
    }

    private init(file: String, prefix: String, members: [String: JSONValue]) {
        self.file = file
        self.prefix = prefix
        self.members = members
    }

    /// The value of `key`; nil if it is absent or null.
    package func valueIfPresent(_ key: String) -> JSONValue? {
        let value = members[key]
        return value == .null ? nil : value
    }

    /// Type and value of whatever `key` has, shortened, for messages; nil if it is absent or null.
    package func summaryIfPresent(_ key: String) -> String? {
        valueIfPresent(key)?.summary
    }

    /// A string; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func stringIfPresent(_ key: String) throws(CheckpointError) -> String? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .string(let string) = value else { throw wrongType(key, "a string", value) }
        return string
    }

    /// A boolean; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func boolIfPresent(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .bool(let bool) = value else { throw wrongType(key, "a boolean", value) }
        return bool
    }

    /// An integer; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func integerIfPresent(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .integer(let integer) = value else { throw wrongType(key, "an integer", value) }
        return integer
    }

    /// A number; one written as an integer counts.
    ///
    /// - Throws: `wrongType`.
    package func numberIfPresent(_ key: String) throws(CheckpointError) -> Double? {
        switch valueIfPresent(key) {
        case nil: return nil
        case .number(let number): return number
        case .integer(let integer): return Double(integer)
        case .some(let value): throw wrongType(key, "a number", value)
        }
    }

    /// An array of integers; a lone integer counts as an array of one, as in `eos_token_id`.
    ///
    /// - Throws: `wrongType`.
    package func integersIfPresent(_ key: String) throws(CheckpointError) -> [Int]? {
        guard let value = valueIfPresent(key) else { return nil }
        if case .integer(let integer) = value { return [integer] }
        guard case .array(let elements) = value else { throw wrongType(key, "an array of integers", value) }
        var integers: [Int] = []
        for (index, element) in elements.enumerated() {
            guard case .integer(let integer) = element else {
                throw wrongType("\(key)[\(index)]", "an integer", element)
            }
            integers.append(integer)
        }
        return integers
    }

    /// An array of strings.
    ///
    /// - Throws: `wrongType`.
    package func stringsIfPresent(_ key: String) throws(CheckpointError) -> [String]? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(key, "an array of strings", value) }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            guard case .string(let string) = element else { throw wrongType("\(key)[\(index)]", "a string", element) }
            strings.append(string)
        }
        return strings
    }

    /// An object inside this one, whose errors name the whole way to it.
    ///
    /// - Throws: `wrongType`.
    package func objectIfPresent(_ key: String) throws(CheckpointError) -> JSONDocument? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .object(let members) = value else { throw wrongType(key, "an object", value) }
        return JSONDocument(file: file, prefix: "\(prefix)\(key).", members: members)
    }

    /// An object inside this one that is needed.
    ///
    /// - Throws: `missingKey`, `wrongType`.
    package func object(_ key: String) throws(CheckpointError) -> JSONDocument {
        try required(key, try objectIfPresent(key))
    }

    /// The objects of an array inside this one, whose errors name the whole way to them; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func objectsIfPresent(_ key: String) throws(CheckpointError) -> [JSONDocument]? {
        guard let value = valueIfPresent(key) else { return nil }
        guard case .array(let elements) = value else { throw wrongType(key, "an array of objects", value) }
        var objects: [JSONDocument] = []
        for (index, element) in elements.enumerated() {
            guard case .object(let members) = element else {
                throw wrongType("\(key)[\(index)]", "an object", element)
            }
            objects.append(JSONDocument(file: file, prefix: "\(prefix)\(key)[\(index)].", members: members))
        }
        return objects
    }

    package func missingKey(_ key: String) -> CheckpointError {
        .missingKey(file: file, key: path(of: key))
    }

    /// The keys that lead from the file's root to `key`.
    func path(of key: String) -> String { prefix + key }

    /// The error for a value of another type than expected; `key` may go on into the value, as in `shape[1]`.
    func wrongType(_ key: String, _ expected: String, _ found: JSONValue?) -> CheckpointError {
        .wrongType(file: file, key: prefix + key, expected: expected, found: (found ?? .null).summary)
    }
}
