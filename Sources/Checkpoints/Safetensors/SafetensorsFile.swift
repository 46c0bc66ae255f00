import JSON
import SystemPackage

/// Tensors in one file of the safetensors format: a JSON header behind its length, then the tensors' bytes.
package struct SafetensorsFile: Sendable {
    /// The tensors, by name.
    package let tensors: TensorFile
    /// Tensors that are no weights, by name; empty unless they were asked for.
    package let rawTensors: [String: RawTensor]
    /// The header's `__metadata__`; empty if it has none.
    package let metadata: [String: String]

    /// The limit of the format's reference implementation.
    private static let headerLengthLimit = 100_000_000

    /// Opens the file and reads its header; the tensors' bytes are not touched.
    ///
    /// - Parameter allowsRawTensors: whether tensors of the formats of `RawNumber` may be there too.
    /// - Throws: what `RegularFile.init(path:)` throws, and what is wrong with the header: among that every byte of the
    ///   data that belongs to no tensor, or to two.
    package init(path: FilePath, allowsRawTensors: Bool = false) throws(CheckpointError) {
        let file = try RegularFile(path: path)
        let header = try Self.header(of: file)
        let data = header.upperBound..<file.byteCount
        let document = try JSONDocument(parsing: try file.bytes(header), file: path.string)
        metadata = try Self.metadata(of: document)

        var descriptions: [TensorDescription] = []
        var rawTensors: [String: RawTensor] = [:]
        for name in document.members.keys.sorted() where name != "__metadata__" {
            let entry = try document.object(name)
            if allowsRawTensors, let number = RawNumber(rawValue: try entry.string("dtype")) {
                let (shape, range) = try Self.place(of: name, entry, data: data, byteCount: number.byteCount)
                rawTensors[name] = RawTensor(name: name, number: number, shape: shape, file: file, byteRange: range)
            } else {
                let format = try Self.format(of: name, entry)
                let (shape, range) = try Self.place(of: name, entry, data: data, byteCount: format.byteCount)
                descriptions.append(
                    TensorDescription(name: name, format: format, shape: shape, file: file, byteRange: range))
            }
        }
        tensors = try TensorFile(file: file, tensors: descriptions)
        self.rawTensors = rawTensors
        try Self.checkCoverage(
            of: data, file: file.name,
            by: descriptions.map { ($0.name, $0.byteRange) } + rawTensors.values.map { ($0.name, $0.byteRange) })
    }

    private static func header(of file: RegularFile) throws(CheckpointError) -> Range<Int> {
        let lengthByteCount = MemoryLayout<UInt64>.size
        let available = file.byteCount - lengthByteCount
        guard available >= 0 else {
            throw .truncated(
                file: file.name, place: "the header's length", needed: UInt64(lengthByteCount),
                available: file.byteCount)
        }
        let length = UInt64(littleEndianBytes: try file.bytes(0..<lengthByteCount))
        guard length <= UInt64(headerLengthLimit) else {
            throw .headerTooLong(file: file.name, found: length, limit: headerLengthLimit)
        }
        guard length <= UInt64(available) else {
            throw .truncated(file: file.name, place: "the header", needed: length, available: available)
        }
        let range = lengthByteCount..<lengthByteCount + Int(length)
        // The format wants the brace to be the first byte, where JSON would allow white space.
        guard try file.bytes(range.prefix(1)) == [UInt8(ascii: "{")] else {
            throw .json(file: file.name, .invalid(offset: 0, expected: "the header to begin with '{'"))
        }
        return range
    }

    private static func metadata(of header: JSONDocument) throws(CheckpointError) -> [String: String] {
        guard let entries = try header.objectIfPresent("__metadata__") else { return [:] }
        var metadata: [String: String] = [:]
        for key in entries.members.keys.sorted() {
            metadata[key] = try entries.string(key)
        }
        return metadata
    }

    /// Where a tensor is, in the file; `byteCount` is nil where no `Int` holds it.
    private static func place(
        of name: String, _ entry: JSONDocument, data: Range<Int>, byteCount: (_ shape: [Int]) -> Int?
    ) throws(CheckpointError) -> (shape: [Int], byteRange: Range<Int>) {
        let shape = try naturalNumbers("shape", of: entry)
        let offsets = try naturalNumbers("data_offsets", of: entry)
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw entry.wrongType("data_offsets", "a begin and an end not before it", entry.members["data_offsets"])
        }
        let found = offsets[1] - offsets[0]
        guard offsets[1] <= data.count else {
            throw .tensorOutOfBounds(
                file: entry.file, tensor: name, offset: UInt64(offsets[0]), byteCount: found, available: data.count)
        }
        guard let expected = byteCount(shape) else {
            throw .shapeOverflow(file: entry.file, tensor: name, shape: shape.map(UInt64.init))
        }
        guard found == expected else {
            throw .tensorSizeMismatch(file: entry.file, tensor: name, expected: expected, found: found)
        }
        let start = data.lowerBound + offsets[0]
        return (shape, start..<start + found)
    }

    private static func format(of name: String, _ entry: JSONDocument) throws(CheckpointError) -> TensorFormat {
        let dtype = try entry.string("dtype")
        return switch dtype {
        case "F32": .float32
        case "F16": .float16
        case "BF16": .bfloat16
        default: throw .unsupportedTensorFormat(file: entry.file, tensor: name, format: dtype)
        }
    }

    private static func naturalNumbers(_ key: String, of entry: JSONDocument) throws(CheckpointError) -> [Int] {
        let numbers = try entry.integers(key)
        guard case .array = entry.members[key], numbers.allSatisfy({ $0 >= 0 }) else {
            throw entry.wrongType(key, "an array of non-negative integers", entry.members[key])
        }
        return numbers
    }

    /// The format wants every byte of the data to belong to a tensor, so that nothing else can hide in a file.
    private static func checkCoverage(
        of data: Range<Int>, file: String, by tensors: [(name: String, byteRange: Range<Int>)]
    ) throws(CheckpointError) {
        var end = data.lowerBound
        var previous = ""
        for tensor in tensors.filter({ !$0.byteRange.isEmpty })
            .sorted(by: { ($0.byteRange.lowerBound, $0.name) < ($1.byteRange.lowerBound, $1.name) })
        {
            guard tensor.byteRange.lowerBound >= end else {
                throw .overlappingTensors(file: file, first: previous, second: tensor.name)
            }
            guard tensor.byteRange.lowerBound == end else {
                throw .unindexedBytes(file: file, range: end..<tensor.byteRange.lowerBound)
            }
            (end, previous) = (tensor.byteRange.upperBound, tensor.name)
        }
        guard end == data.upperBound else {
            throw .unindexedBytes(file: file, range: end..<data.upperBound)
        }
    }
}
