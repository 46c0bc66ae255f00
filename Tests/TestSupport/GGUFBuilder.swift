/// Writes GGUF files for tests, wrong ones too: what it is given stands in the file, true or not.
package struct GGUFBuilder: Sendable {
    /// A metadata value; the cases are in the order of the format's type codes.
    package indirect enum Value: Sendable {
        case uint8(UInt8)
        case int8(Int8)
        case uint16(UInt16)
        case int16(Int16)
        case uint32(UInt32)
        case int32(Int32)
        case float32(Float)
        case bool(Bool)
        case string(String)
        case uint64(UInt64)
        case int64(Int64)
        case float64(Double)
        /// Strings of any bytes.
        case byteStrings([[UInt8]])
        /// Elements of the type with this code.
        case array(elementType: UInt32, [Value])
        /// Any type code and any bytes behind it.
        case raw(type: UInt32, [UInt8])

        package static func strings(_ strings: [String]) -> Value { .byteStrings(strings.map { [UInt8]($0.utf8) }) }
    }

    /// A tensor: `shape` outermost first (the file has it reversed), `formatCode` a `ggml_type`.
    package struct Tensor: Sendable {
        package var name: String
        package var formatCode: UInt32
        package var shape: [UInt64]
        package var bytes: [UInt8]
        /// What the file says the offset is, if not the truth.
        package var declaredOffset: UInt64?
    }

    package var magic = [UInt8]("GGUF".utf8)
    package var version: UInt32 = 3
    package var metadata: [(key: String, value: Value)] = []
    package var tensors: [Tensor] = []
    /// To what multiple tensors are laid out; `general.alignment` is written only as part of `metadata`.
    package var alignment = 32
    /// What the file says the numbers of tensors and metadata values are, if not the truth.
    package var declaredTensorCount: UInt64?
    package var declaredMetadataCount: UInt64?

    package init() {}

    package mutating func set(_ key: String, _ value: Value) {
        metadata.append((key, value))
    }

    package mutating func addTensor(
        _ name: String, formatCode: UInt32, shape: [UInt64], bytes: [UInt8], declaredOffset: UInt64? = nil
    ) {
        tensors.append(
            Tensor(name: name, formatCode: formatCode, shape: shape, bytes: bytes, declaredOffset: declaredOffset))
    }

    /// A float32 tensor.
    package mutating func addTensor(_ name: String, shape: [UInt64], _ values: [Float]) {
        addTensor(
            name, formatCode: 0, shape: shape, bytes: values.flatMap { LittleEndian.bytes($0.bitPattern) })
    }

    /// The bytes of the file.
    package func build() -> [UInt8] {
        var file = magic
        file += LittleEndian.bytes(version)
        file += LittleEndian.bytes(declaredTensorCount ?? UInt64(tensors.count))
        file += LittleEndian.bytes(declaredMetadataCount ?? UInt64(metadata.count))
        for (key, value) in metadata {
            file += Self.string([UInt8](key.utf8))
            file += LittleEndian.bytes(Self.typeCode(value))
            file += Self.encoded(value)
        }
        var offset = 0
        for tensor in tensors {
            file += Self.string([UInt8](tensor.name.utf8))
            file += LittleEndian.bytes(UInt32(tensor.shape.count))
            file += tensor.shape.reversed().flatMap { LittleEndian.bytes($0) }
            file += LittleEndian.bytes(tensor.formatCode)
            file += LittleEndian.bytes(tensor.declaredOffset ?? UInt64(offset))
            offset += padded(tensor.bytes.count)
        }
        guard !tensors.isEmpty else { return file }
        file += [UInt8](repeating: 0, count: padded(file.count) - file.count)
        for tensor in tensors {
            file += tensor.bytes
            file += [UInt8](repeating: 0, count: padded(tensor.bytes.count) - tensor.bytes.count)
        }
        return file
    }

    private func padded(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    private static func string(_ bytes: [UInt8]) -> [UInt8] { LittleEndian.bytes(UInt64(bytes.count)) + bytes }

    private static func typeCode(_ value: Value) -> UInt32 {
        switch value {
        case .uint8: 0
        case .int8: 1
        case .uint16: 2
        case .int16: 3
        case .uint32: 4
        case .int32: 5
        case .float32: 6
        case .bool: 7
        case .string: 8
        case .byteStrings, .array: 9
        case .uint64: 10
        case .int64: 11
        case .float64: 12
        case .raw(let type, _): type
        }
    }

    private static func encoded(_ value: Value) -> [UInt8] {
        switch value {
        case .uint8(let value): [value]
        case .int8(let value): [UInt8(bitPattern: value)]
        case .uint16(let value): LittleEndian.bytes(value)
        case .int16(let value): LittleEndian.bytes(value)
        case .uint32(let value): LittleEndian.bytes(value)
        case .int32(let value): LittleEndian.bytes(value)
        case .float32(let value): LittleEndian.bytes(value.bitPattern)
        case .bool(let value): [value ? 1 : 0]
        case .string(let value): string([UInt8](value.utf8))
        case .uint64(let value): LittleEndian.bytes(value)
        case .int64(let value): LittleEndian.bytes(value)
        case .float64(let value): LittleEndian.bytes(value.bitPattern)
        case .byteStrings(let strings):
            LittleEndian.bytes(UInt32(8)) + LittleEndian.bytes(UInt64(strings.count)) + strings.flatMap(string)
        case .array(let elementType, let elements):
            LittleEndian.bytes(elementType) + LittleEndian.bytes(UInt64(elements.count)) + elements.flatMap(encoded)
        case .raw(_, let bytes): bytes
        }
    }
}
