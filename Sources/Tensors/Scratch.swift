/// Memory on a 64-byte boundary that grows with what is asked for.
struct Scratch: ~Copyable {
    private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 64)

    /// At least `size` bytes; what was in them may be lost.
    mutating func reserve(_ size: Int) -> UnsafeMutableRawPointer {
        if memory.count < size {
            memory.deallocate()
            memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 64)
        }
        guard let address = memory.baseAddress else { preconditionFailure("scratch without storage") }
        return address
    }

    deinit {
        memory.deallocate()
    }
}
