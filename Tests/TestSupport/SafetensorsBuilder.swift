/// Writes safetensors files for tests.
package struct SafetensorsBuilder: Sendable {
    package struct Tensor: Sendable {
        package var name: String
        package var dtype: String
        package var shape: [Int]
        package var bytes: [UInt8]
    }

    package var metadata: [(key: String, value: String)] = []
    package var tensors: [Tensor] = []

    package init() {}

    package mutating func addTensor(_ name: String, dtype: String, shape: [Int], bytes: [UInt8]) {
        tensors.append(Tensor(name: name, dtype: dtype, shape: shape, bytes: bytes))
    }

    /// A float32 tensor.
    package mutating func addTensor(_ name: String, shape: [Int], _ values: [Float]) {
        addTensor(name, dtype: "F32", shape: shape, bytes: values.flatMap { LittleEndian.bytes($0.bitPattern) })
    }

    /// The bytes of the file. Names and metadata must need no escaping in JSON.
    package func build() -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            let entries = metadata.map { "\"\($0.key)\":\"\($0.value)\"" }
            members.append("\"__metadata__\":{\(entries.joined(separator: ","))}")
        }
        var data: [UInt8] = []
        for tensor in tensors {
            let end = data.count + tensor.bytes.count
            members.append(
                "\"\(tensor.name)\":{\"dtype\":\"\(tensor.dtype)\",\"shape\":\(tensor.shape),"
                    + "\"data_offsets\":[\(data.count),\(end)]}")
            data += tensor.bytes
        }
        return Self.file(header: "{\(members.joined(separator: ","))}", data: data)
    }

    /// A file with any header, and its true length unless another is given.
    package static func file(header: String, data: [UInt8] = [], declaredLength: UInt64? = nil) -> [UInt8] {
        LittleEndian.bytes(declaredLength ?? UInt64(header.utf8.count)) + [UInt8](header.utf8) + data
    }
}
