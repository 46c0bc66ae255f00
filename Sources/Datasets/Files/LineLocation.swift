/// Where a line lies in a file, in 8 bytes.
struct LineLocation: Sendable, Equatable {
    private static let lengthBits = 24

    /// A line may have so many bytes: 1 MiB of text, each byte of which JSON may need six for, has fewer.
    static let lengthLimit = 1 << lengthBits - 1
    /// A file may have so many bytes.
    static let fileLimit = 1 << 40

    private let packed: UInt64

    /// - Precondition: offset and length are below the limits.
    init(offset: Int, length: Int) {
        precondition(
            (0..<Self.fileLimit).contains(offset) && (0...Self.lengthLimit).contains(length),
            "a line of \(length) bytes at \(offset)")
        packed = UInt64(offset) << Self.lengthBits | UInt64(length)
    }

    /// The bytes of the line.
    var range: Range<Int> {
        let offset = Int(packed >> Self.lengthBits)
        return offset..<(offset + Int(packed & UInt64(Self.lengthLimit)))
    }
}
