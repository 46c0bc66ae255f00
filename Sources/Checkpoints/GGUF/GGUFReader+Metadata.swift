extension GGUFReader {
    /// The limit of the format's specification.
    private static let keyLengthLimit = 65_535
    /// Real files nest no arrays at all; each level is a stack frame.
    private static let arrayDepthLimit = 8
    /// A key's length, one character, the value's type, and a value of one byte.
    static let minimumKeyValueByteCount = 8 + 1 + 4 + 1

    /// `count` pairs of a key and a value.
    ///
    /// - Throws: what is wrong with the first pair that is.
    mutating func metadata(count: Int) throws(CheckpointError) -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for index in 0..<count {
            let key = try name(limit: Self.keyLengthLimit, "metadata key \(index)")
            let type = try integer(UInt32.self, "the type of \(key)")
            guard metadata.updateValue(try value(type: type, key: key), forKey: key) == nil else {
                throw .duplicateKey(file: file.name, key: key)
            }
        }
        return metadata
    }

    /// The type codes are those of `gguf_metadata_value_type` in the specification.
    private mutating func value(type: UInt32, key: String) throws(CheckpointError) -> GGUFValue {
        switch type {
        case 0: .uint8(try integer(UInt8.self, key))
        case 1: .int8(try integer(Int8.self, key))
        case 2: .uint16(try integer(UInt16.self, key))
        case 3: .int16(try integer(Int16.self, key))
        case 4: .uint32(try integer(UInt32.self, key))
        case 5: .int32(try integer(Int32.self, key))
        case 6: .float32(Float(bitPattern: try integer(UInt32.self, key)))
        case 7: .bool(try bool(try integer(UInt8.self, key), key: key))
        case 8: .string(try string(key))
        case 9: .array(try array(key: key, depth: 1))
        case 10: .uint64(try integer(UInt64.self, key))
        case 11: .int64(try integer(Int64.self, key))
        case 12: .float64(Double(bitPattern: try integer(UInt64.self, key)))
        default: throw .unknownValueType(file: file.name, key: key, found: type)
        }
    }

    private func bool(_ byte: UInt8, key: String) throws(CheckpointError) -> Bool {
        guard byte <= 1 else { throw .invalidBoolean(file: file.name, key: key, found: byte) }
        return byte == 1
    }

    private mutating func array(key: String, depth: Int) throws(CheckpointError) -> GGUFArray {
        guard depth <= Self.arrayDepthLimit else {
            throw .nestedTooDeeply(file: file.name, place: key, limit: Self.arrayDepthLimit)
        }
        let type = try integer(UInt32.self, "the element type of \(key)")
        guard let minimumByteCount = Self.minimumByteCount(ofType: type) else {
            throw .unknownValueType(file: file.name, key: key, found: type)
        }
        let count = try count(minimumByteCount: minimumByteCount, "the length of \(key)")
        switch type {
        case 0: return .uint8(try integers(UInt8.self, count: count, key))
        case 1: return .int8(try integers(Int8.self, count: count, key))
        case 2: return .uint16(try integers(UInt16.self, count: count, key))
        case 3: return .int16(try integers(Int16.self, count: count, key))
        case 4: return .uint32(try integers(UInt32.self, count: count, key))
        case 5: return .int32(try integers(Int32.self, count: count, key))
        case 6: return .float32(try integers(UInt32.self, count: count, key).map(Float.init(bitPattern:)))
        case 7: return .bool(try bools(count: count, key: key))
        case 8: return .string(try strings(count: count, key: key))
        case 10: return .uint64(try integers(UInt64.self, count: count, key))
        case 11: return .int64(try integers(Int64.self, count: count, key))
        case 12: return .float64(try integers(UInt64.self, count: count, key).map(Double.init(bitPattern:)))
        default: return .array(try arrays(count: count, key: key, depth: depth))
        }
    }

    /// The least that a value of this type takes in the file; nil if there is no such type.
    private static func minimumByteCount(ofType type: UInt32) -> Int? {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 8, 10, 11, 12: 8
        case 9: 4 + 8
        default: nil
        }
    }

    private mutating func bools(count: Int, key: String) throws(CheckpointError) -> [Bool] {
        var values: [Bool] = []
        for byte in try integers(UInt8.self, count: count, key) {
            values.append(try bool(byte, key: key))
        }
        return values
    }

    private mutating func strings(count: Int, key: String) throws(CheckpointError) -> GGUFStrings {
        var strings = GGUFStrings()
        strings.reserveCapacity(count: count)
        for index in 0..<count {
            strings.append(try stringBytes("\(key)[\(index)]"))
        }
        return strings
    }

    private mutating func arrays(count: Int, key: String, depth: Int) throws(CheckpointError) -> [GGUFArray] {
        var arrays: [GGUFArray] = []
        for index in 0..<count {
            arrays.append(try array(key: "\(key)[\(index)]", depth: depth + 1))
        }
        return arrays
    }
}
