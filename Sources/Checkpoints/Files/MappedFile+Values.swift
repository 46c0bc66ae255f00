extension MappedFile {
    /// A copy of the bytes of `range`, or of all bytes.
    package func bytes(_ range: Range<Int>? = nil) -> [UInt8] {
        withBytes(range) { [UInt8]($0) }
    }

    /// The text in `range`, or nil if it is not UTF-8.
    func string(_ range: Range<Int>) -> String? {
        withBytes(range) { String(validating: $0, as: UTF8.self) }
    }

    /// The little-endian integer that begins at `offset`.
    func integer<Integer: FixedWidthInteger & BitwiseCopyable>(_ type: Integer.Type, at offset: Int) -> Integer {
        withBytes(offset..<offset + MemoryLayout<Integer>.size) { Integer(littleEndian: $0.loadUnaligned(as: type)) }
    }

    /// The `count` little-endian integers that begin at `offset`.
    func integers<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type, count: Int, at offset: Int
    ) -> [Integer] {
        let size = MemoryLayout<Integer>.size
        return withBytes(offset..<offset + count * size) { bytes in
            (0..<count).map { Integer(littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * size, as: type)) }
        }
    }
}
