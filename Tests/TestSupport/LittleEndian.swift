/// Little-endian bytes of integers, for tests that write binary files.
package enum LittleEndian {
    package static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
    }
}
