/// A metadata value of a GGUF file: one case for each of the format's 13 value types.
package enum GGUFValue: Sendable, Equatable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)

    /// The value, if it is of any integer type and an `Int` holds it.
    package var integer: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        case .float32, .bool, .string, .array, .float64: nil
        }
    }

    /// Type and value, shortened, for messages.
    package var summary: String {
        switch self {
        case .uint8(let value): "uint8 \(value)"
        case .int8(let value): "int8 \(value)"
        case .uint16(let value): "uint16 \(value)"
        case .int16(let value): "int16 \(value)"
        case .uint32(let value): "uint32 \(value)"
        case .int32(let value): "int32 \(value)"
        case .float32(let value): "float32 \(value)"
        case .bool(let value): "bool \(value)"
        case .string(let value): "string \(String(value.prefix(60)).debugDescription)\(value.count > 60 ? "…" : "")"
        case .array(let value): "array of \(value.count) \(value.elementTypeName)"
        case .uint64(let value): "uint64 \(value)"
        case .int64(let value): "int64 \(value)"
        case .float64(let value): "float64 \(value)"
        }
    }
}

/// An array among the metadata of a GGUF file, its elements stored side by side.
package enum GGUFArray: Sendable, Equatable {
    case uint8([UInt8])
    case int8([Int8])
    case uint16([UInt16])
    case int16([Int16])
    case uint32([UInt32])
    case int32([Int32])
    case float32([Float])
    case bool([Bool])
    case string(GGUFStrings)
    case array([GGUFArray])
    case uint64([UInt64])
    case int64([Int64])
    case float64([Double])

    /// The number of elements.
    package var count: Int {
        switch self {
        case .uint8(let values): values.count
        case .int8(let values): values.count
        case .uint16(let values): values.count
        case .int16(let values): values.count
        case .uint32(let values): values.count
        case .int32(let values): values.count
        case .float32(let values): values.count
        case .bool(let values): values.count
        case .string(let values): values.count
        case .array(let values): values.count
        case .uint64(let values): values.count
        case .int64(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// The elements, if they are of any integer type and an `Int` holds each.
    package var integers: [Int]? {
        switch self {
        case .uint8(let values): values.map(Int.init)
        case .int8(let values): values.map(Int.init)
        case .uint16(let values): values.map(Int.init)
        case .int16(let values): values.map(Int.init)
        case .uint32(let values): values.map(Int.init)
        case .int32(let values): values.map(Int.init)
        case .uint64(let values): values.allSatisfy { $0 <= Int.max } ? values.map(Int.init) : nil
        case .int64(let values): values.map(Int.init)
        case .float32, .bool, .string, .array, .float64: nil
        }
    }

    fileprivate var elementTypeName: String {
        switch self {
        case .uint8: "uint8"
        case .int8: "int8"
        case .uint16: "uint16"
        case .int16: "int16"
        case .uint32: "uint32"
        case .int32: "int32"
        case .float32: "float32"
        case .bool: "bool"
        case .string: "string"
        case .array: "array"
        case .uint64: "uint64"
        case .int64: "int64"
        case .float64: "float64"
        }
    }
}
