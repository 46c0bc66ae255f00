import JSON

/// Writes files of the safetensors format: <https://github.com/huggingface/safetensors#format>.
package enum SafetensorsWriter {
    /// Numbers that are converted at a time: 256 KiB of float32, what a core's cache holds.
    static let pieceLength = 1 << 16

    /// Writes header and tensors.
    ///
    /// As the format's reference implementation does, the tensors of larger numbers come first, so that all are aligned, and
    /// those of one format in the order of their names; the header is padded to 8 bytes.
    /// - Parameter metadata: `format` says whose layout the names are of; `transformers` refuses a file without it.
    /// - Precondition: no two tensors have one name.
    /// - Throws: `io`, `digestUnavailable`; `numberNotStorable`; what the sources throw.
    package static func write(
        _ tensors: [TensorSource], metadata: [String: String] = ["format": "pt"], to file: FileWriter
    ) throws(CheckpointError) {
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        let ordered = tensors.sorted { ($1.alignment, $0.formatName, $0.name) < ($0.alignment, $1.formatName, $1.name) }
        let header = header(of: ordered, metadata)
        var length = UInt64(header.count).littleEndian
        try withUnsafeBytes(of: &length) { bytes throws(CheckpointError) in try file.write(bytes) }
        try file.write(header)
        let numbers = UnsafeMutableBufferPointer<Float>.allocate(capacity: pieceLength)
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 * pieceLength, alignment: 64)
        defer {
            numbers.deallocate()
            bytes.deallocate()
        }
        numbers.initialize(repeating: 0)
        for tensor in ordered {
            switch tensor.contents {
            case .numbers(let format, let read):
                try forEachPiece(of: tensor.elementCount) { piece throws(CheckpointError) in
                    let floats = UnsafeMutableBufferPointer(rebasing: numbers[..<piece.count])
                    let encoded = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(piece.count * format.byteCount)])
                    try read(piece.lowerBound, floats)
                    if let index = format.encode(UnsafeBufferPointer(floats), into: encoded) {
                        throw .numberNotStorable(
                            file: file.name, tensor: tensor.name, index: piece.lowerBound + index,
                            found: floats[index], format: format.tensorFormat)
                    }
                    try file.write(UnsafeRawBufferPointer(encoded))
                }
            case .bytes(_, let read):
                try forEachPiece(of: tensor.byteCount) { piece throws(CheckpointError) in
                    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<piece.count])
                    try read(piece.lowerBound, part)
                    try file.write(UnsafeRawBufferPointer(part))
                }
            }
        }
    }

    private static func forEachPiece(
        of count: Int, _ body: (Range<Int>) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        var start = 0
        while start < count {
            let end = min(count, start + pieceLength)
            try body(start..<end)
            start = end
        }
    }

    private static func header(of tensors: [TensorSource], _ metadata: [String: String]) -> [UInt8] {
        var writer = JSONWriter(reserving: 128 * tensors.count)
        writer.object { writer in
            if !metadata.isEmpty {
                writer.member("__metadata__", .object(metadata.mapValues(JSONValue.string)))
            }
            var offset = 0
            for tensor in tensors {
                writer.key(tensor.name)
                writer.object { writer in
                    writer.member("dtype", tensor.formatName)
                    writer.member("shape", .array(tensor.shape.map(JSONValue.integer)))
                    writer.member("data_offsets", .array([.integer(offset), .integer(offset + tensor.byteCount)]))
                }
                offset += tensor.byteCount
            }
        }
        let padding = (8 - writer.bytes.count % 8) % 8
        return writer.bytes + [UInt8](repeating: UInt8(ascii: " "), count: padding)
    }
}
