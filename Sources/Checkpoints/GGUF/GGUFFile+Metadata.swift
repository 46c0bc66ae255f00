/// Typed access to the metadata. Integers are read from any integer type and numbers from both floating-point types:
/// writers do not agree on widths.
extension GGUFFile: KeyedValues {
    /// A string; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func stringIfPresent(_ key: String) throws(CheckpointError) -> String? {
        guard let value = metadata[key] else { return nil }
        guard case .string(let string) = value else { throw wrongType(key, "a string", value) }
        return string
    }

    /// A boolean; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func boolIfPresent(_ key: String) throws(CheckpointError) -> Bool? {
        guard let value = metadata[key] else { return nil }
        guard case .bool(let bool) = value else { throw wrongType(key, "a boolean", value) }
        return bool
    }

    /// An integer; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func integerIfPresent(_ key: String) throws(CheckpointError) -> Int? {
        guard let value = metadata[key] else { return nil }
        guard let integer = value.integer else { throw wrongType(key, "an integer below 2^63", value) }
        return integer
    }

    /// A floating-point number; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func numberIfPresent(_ key: String) throws(CheckpointError) -> Double? {
        switch metadata[key] {
        case nil: return nil
        case .float32(let number): return Double(number)
        case .float64(let number): return number
        case .some(let value): throw wrongType(key, "a floating-point number", value)
        }
    }

    /// An array of integers; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    package func integersIfPresent(_ key: String) throws(CheckpointError) -> [Int]? {
        guard let value = metadata[key] else { return nil }
        guard case .array(let array) = value, let integers = array.integers else {
            throw wrongType(key, "an array of integers below 2^63", value)
        }
        return integers
    }

    /// The strings as the file has them, which need not be UTF-8.
    ///
    /// - Throws: `wrongType`.
    package func stringsIfPresent(_ key: String) throws(CheckpointError) -> GGUFStrings? {
        guard let value = metadata[key] else { return nil }
        guard case .array(.string(let strings)) = value else { throw wrongType(key, "an array of strings", value) }
        return strings
    }

    package func missingKey(_ key: String) -> CheckpointError {
        .missingKey(file: tensors.file.name, key: key)
    }

    private func wrongType(_ key: String, _ expected: String, _ found: GGUFValue) -> CheckpointError {
        .wrongType(file: tensors.file.name, key: key, expected: expected, found: found.summary)
    }
}
