/// Reads the fields of a GGUF file one after the other, never beyond its end.
struct GGUFReader {
    let file: MappedFile
    /// Where the next field begins, counted from the start of the file.
    private(set) var offset = 0

    init(file: MappedFile) {
        self.file = file
    }

    /// The bytes that are left.
    var remaining: Int { file.byteCount - offset }

    /// Moves on by `byteCount` bytes and returns their range.
    ///
    /// - Parameter place: says in an error what was to be read.
    /// - Throws: `truncated`.
    mutating func skip(_ byteCount: UInt64, _ place: @autoclosure () -> String) throws(CheckpointError) -> Range<Int> {
        guard byteCount <= UInt64(remaining) else {
            throw .truncated(file: file.name, place: place(), needed: byteCount, available: remaining)
        }
        let start = offset
        offset += Int(byteCount)
        return start..<offset
    }

    /// - Throws: `truncated`.
    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> Integer {
        let range = try skip(UInt64(MemoryLayout<Integer>.size), place())
        return file.integer(type, at: range.lowerBound)
    }

    /// - Throws: `truncated`.
    mutating func integers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, count: Int, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> [Integer] {
        let range = try skip(UInt64(count * MemoryLayout<Integer>.size), place())
        return file.integers(type, count: count, at: range.lowerBound)
    }

    /// A count of things that take at least `minimumByteCount` bytes each: refused if the file cannot hold them, before
    /// anything is allocated for them.
    ///
    /// - Throws: `truncated`.
    mutating func count(
        minimumByteCount: Int, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> Int {
        let count = try integer(UInt64.self, place())
        let (needed, overflow) = count.multipliedReportingOverflow(by: UInt64(minimumByteCount))
        guard !overflow, needed <= UInt64(remaining) else {
            throw .truncated(
                file: file.name, place: "\(place()) (\(count))", needed: overflow ? .max : needed, available: remaining)
        }
        return Int(count)
    }

    /// The range of the bytes of a string: a length in 8 bytes, then as many bytes.
    ///
    /// - Throws: `truncated`.
    mutating func stringRange(_ place: @autoclosure () -> String) throws(CheckpointError) -> Range<Int> {
        let length = try integer(UInt64.self, place())
        return try skip(length, place())
    }

    /// - Throws: `truncated`, `invalidUTF8`.
    mutating func string(_ place: @autoclosure () -> String) throws(CheckpointError) -> String {
        guard let string = file.string(try stringRange(place())) else {
            throw .invalidUTF8(file: file.name, place: place())
        }
        return string
    }

    /// A key or a tensor's name: 1 to `limit` bytes.
    ///
    /// - Throws: `truncated`, `invalidUTF8`, `invalidNameLength`.
    mutating func name(limit: Int, _ place: @autoclosure () -> String) throws(CheckpointError) -> String {
        let length = try integer(UInt64.self, place())
        guard length > 0, length <= UInt64(limit) else {
            throw .invalidNameLength(file: file.name, place: place(), found: length, limit: limit)
        }
        guard let name = file.string(try skip(length, place())) else {
            throw .invalidUTF8(file: file.name, place: place())
        }
        return name
    }
}
