/// Reads the fields of a GGUF file one after the other, never beyond its end.
struct GGUFReader {
    /// Metadata and tensor entries together: ten times what the largest vocabularies take. What does not fit is refused
    /// before memory is allocated for it.
    private static let headerLengthLimit = 1 << 27
    /// Metadata values, and tensors: each far above any model's.
    static let entryLimit = 1 << 16
    /// How much is read at once: a header has hundreds of thousands of fields.
    private static let windowSize = 1 << 20

    let file: RegularFile
    /// Where the next field begins, counted from the start of the file.
    private(set) var offset = 0
    /// The bytes of the file from `windowStart` on.
    private var window: [UInt8] = []
    private var windowStart = 0

    init(file: RegularFile) {
        self.file = file
    }

    /// - Throws: `truncated`, `headerTooLong`.
    private func checkRoom(for byteCount: UInt64, _ place: () -> String) throws(CheckpointError) {
        let remaining = file.byteCount - offset
        guard byteCount <= UInt64(remaining) else {
            throw .truncated(file: file.name, place: place(), needed: byteCount, available: remaining)
        }
        guard offset + Int(byteCount) <= Self.headerLengthLimit else {
            throw .headerTooLong(
                file: file.name, found: UInt64(offset) + byteCount, limit: Self.headerLengthLimit)
        }
    }

    /// Moves on by `byteCount` bytes and returns them.
    ///
    /// - Parameter place: says in an error what was to be read.
    /// - Throws: `truncated`, `headerTooLong`, `io`, `changedWhileRead`.
    mutating func bytes(
        _ byteCount: UInt64, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> ArraySlice<UInt8> {
        try checkRoom(for: byteCount, place)
        let end = offset + Int(byteCount)
        if end > windowStart + window.count {
            window = try file.bytes(offset..<min(max(end, offset + Self.windowSize), file.byteCount))
            windowStart = offset
        }
        defer { offset = end }
        return window[offset - windowStart..<end - windowStart]
    }

    /// - Throws: what `bytes` throws.
    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> Integer {
        Integer(littleEndianBytes: try bytes(UInt64(MemoryLayout<Integer>.size), place()))
    }

    /// - Throws: what `bytes` throws.
    mutating func integers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, count: Int, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> [Integer] {
        let size = MemoryLayout<Integer>.size
        let bytes = try bytes(UInt64(count * size), place())
        return (0..<count).map { index in
            let start = bytes.startIndex + index * size
            return Integer(littleEndianBytes: bytes[start..<start + size])
        }
    }

    /// A count of things that take at least `minimumByteCount` bytes each: refused if the file cannot hold them, or beyond
    /// the limit, before anything is allocated for them.
    ///
    /// - Throws: `tooMany`, and what `bytes` throws.
    mutating func count(
        minimumByteCount: Int, limit: Int = .max, _ place: @autoclosure () -> String
    ) throws(CheckpointError) -> Int {
        let count = try integer(UInt64.self, place())
        let (needed, overflow) = count.multipliedReportingOverflow(by: UInt64(minimumByteCount))
        try checkRoom(for: overflow ? .max : needed) { "\(place()) (\(count))" }
        guard count <= UInt64(limit) else {
            throw .tooMany(file: file.name, place: place(), found: count, limit: limit)
        }
        return Int(count)
    }

    /// The bytes of a string: a length in 8 bytes, then as many bytes.
    ///
    /// - Throws: what `bytes` throws.
    mutating func stringBytes(_ place: @autoclosure () -> String) throws(CheckpointError) -> ArraySlice<UInt8> {
        let length = try integer(UInt64.self, place())
        return try bytes(length, place())
    }

    /// - Throws: `invalidUTF8`, and what `bytes` throws.
    mutating func string(_ place: @autoclosure () -> String) throws(CheckpointError) -> String {
        guard let string = String(validating: try stringBytes(place()), as: UTF8.self) else {
            throw .invalidUTF8(file: file.name, place: place())
        }
        return string
    }

    /// A key or a tensor's name: 1 to `limit` bytes.
    ///
    /// - Throws: `invalidUTF8`, `invalidNameLength`, and what `bytes` throws.
    mutating func name(limit: Int, _ place: @autoclosure () -> String) throws(CheckpointError) -> String {
        let length = try integer(UInt64.self, place())
        guard length > 0, length <= UInt64(limit) else {
            throw .invalidNameLength(file: file.name, place: place(), found: length, limit: limit)
        }
        guard let name = String(validating: try bytes(length, place()), as: UTF8.self) else {
            throw .invalidUTF8(file: file.name, place: place())
        }
        return name
    }
}
