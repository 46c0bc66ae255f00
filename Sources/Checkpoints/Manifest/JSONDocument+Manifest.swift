import JSON

extension JSONDocument {
    /// Refuses keys that nobody would read.
    ///
    /// - Throws: `unknownKey`.
    func requireKeys<Key: CaseIterable & RawRepresentable<String>>(among keys: Key.Type) throws(CheckpointError) {
        let allowed = keys.allCases.map(\.rawValue)
        for key in members.keys.sorted() where !allowed.contains(key) {
            throw .unknownKey(file: file, key: path(of: key), allowed: allowed.sorted())
        }
    }

    /// An integer within bounds; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    func integer(_ key: String, in range: ClosedRange<Int>) throws(CheckpointError) -> Int? {
        guard let value = try integerIfPresent(key) else { return nil }
        guard range.contains(value) else {
            throw wrongType(key, "an integer of \(range.lowerBound) to \(range.upperBound)", .integer(value))
        }
        return value
    }

    /// A number within bounds; nil if the key is absent.
    ///
    /// - Throws: `wrongType`.
    func number(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> Double? {
        guard let value = try numberIfPresent(key) else { return nil }
        guard range.contains(value) else {
            throw wrongType(key, "a number of \(range.lowerBound) to \(range.upperBound)", .number(value))
        }
        return value
    }

    /// An array of numbers that is needed.
    ///
    /// - Throws: `missingKey`, `wrongType`.
    func numbers(_ key: String) throws(CheckpointError) -> [Double] {
        guard case .array(let elements) = try required(key, valueIfPresent(key)) else {
            throw wrongType(key, "an array of numbers", members[key])
        }
        var numbers: [Double] = []
        for (index, element) in elements.enumerated() {
            switch element {
            case .integer(let integer): numbers.append(Double(integer))
            case .number(let number): numbers.append(number)
            default: throw wrongType("\(key)[\(index)]", "a number", element)
            }
        }
        return numbers
    }

    /// A SHA-256 in 64 lower-case hexadecimal digits, that is needed.
    ///
    /// - Throws: `missingKey`, `wrongType`.
    func sha256(_ key: String) throws(CheckpointError) -> String {
        let text = try string(key)
        guard text.utf8.count == 64, text.utf8.allSatisfy(Array("0123456789abcdef".utf8).contains) else {
            throw wrongType(key, "64 lower-case hexadecimal digits", .string(text))
        }
        return text
    }
}
