/// Named values of a file, each read as the type that the reader expects.
///
/// What may be absent is read by the `…IfPresent` functions of the conforming type; what is needed by those here, which
/// say once that a value is missing.
package protocol KeyedValues {
    /// A list of strings as the layout stores it.
    associatedtype Strings

    /// - Throws: `CheckpointError.wrongType`
    func stringIfPresent(_ key: String) throws(CheckpointError) -> String?
    /// - Throws: `CheckpointError.wrongType`
    func boolIfPresent(_ key: String) throws(CheckpointError) -> Bool?
    /// - Throws: `CheckpointError.wrongType`
    func integerIfPresent(_ key: String) throws(CheckpointError) -> Int?
    /// - Throws: `CheckpointError.wrongType`
    func numberIfPresent(_ key: String) throws(CheckpointError) -> Double?
    /// - Throws: `CheckpointError.wrongType`
    func integersIfPresent(_ key: String) throws(CheckpointError) -> [Int]?
    /// - Throws: `CheckpointError.wrongType`
    func stringsIfPresent(_ key: String) throws(CheckpointError) -> Strings?

    /// The error for a key that is needed and not there.
    func missingKey(_ key: String) -> CheckpointError
}

extension KeyedValues {
    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func string(_ key: String) throws(CheckpointError) -> String {
        try required(key, try stringIfPresent(key))
    }

    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func bool(_ key: String) throws(CheckpointError) -> Bool {
        try required(key, try boolIfPresent(key))
    }

    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func integer(_ key: String) throws(CheckpointError) -> Int {
        try required(key, try integerIfPresent(key))
    }

    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func number(_ key: String) throws(CheckpointError) -> Double {
        try required(key, try numberIfPresent(key))
    }

    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func integers(_ key: String) throws(CheckpointError) -> [Int] {
        try required(key, try integersIfPresent(key))
    }

    /// - Throws: `CheckpointError.missingKey`, `.wrongType`
    package func strings(_ key: String) throws(CheckpointError) -> Strings {
        try required(key, try stringsIfPresent(key))
    }

    func required<Value>(_ key: String, _ value: Value?) throws(CheckpointError) -> Value {
        guard let value else { throw missingKey(key) }
        return value
    }
}
