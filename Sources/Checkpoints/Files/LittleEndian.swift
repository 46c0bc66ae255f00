extension FixedWidthInteger where Self: BitwiseCopyable {
    /// The integer of these bytes, the lowest first; they must be as many as it has.
    init(littleEndianBytes bytes: some Collection<UInt8>) {
        precondition(bytes.count == MemoryLayout<Self>.size, "\(bytes.count) bytes for a \(Self.self)")
        var value: Self = 0
        for (index, byte) in bytes.enumerated() {
            value |= Self(truncatingIfNeeded: byte) &<< Self(truncatingIfNeeded: 8 * index)
        }
        self = value
    }
}
